import { connect } from "node:net";
import { errnoOf } from "../../src/core/errno.ts";
import { OpsError, stopped } from "../../src/core/errors.ts";

/** How long the probe waits. Both in ms. */
interface Patience {
  /** For the connection: a firewall that drops packets never answers. */
  readonly connectMs: number;
  /** For a byte or the end of an accepted connection. An emulated machine may take seconds to say no. */
  readonly silenceMs: number;
}

const PATIENCE: Patience = { connectMs: 3000, silenceMs: 10_000 };

/** What a machine or a network says that lets nobody in. Anything else is this machine's own trouble and proves nothing. */
const CLOSED = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "EACCES"]);

/**
 * Knocks as a stranger would: connects and asks for `/healthz`. False only when nobody is let in: no connection comes about, or the
 * other side ends it without a byte, because user-mode networks accept first and ask the machine behind them afterwards. An accepted
 * connection that stays open counts as exposed, silent or not.
 * @throws OpsError `cancelled`, or the signal's own reason; `host-unreachable` when the question could not be asked.
 */
export function probeExposed(
  { address, port }: { readonly address: string; readonly port: number },
  signal: AbortSignal,
  { connectMs, silenceMs }: Patience = PATIENCE,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(stopped(signal));
    const socket = connect({ host: address, port });
    let timer = setTimeout(() => conclude(false), connectMs);
    function letGo(): void {
      signal.removeEventListener("abort", onAbort);
      clearTimeout(timer);
      socket.destroy();
    }
    function onAbort(): void {
      letGo();
      reject(stopped(signal));
    }
    function conclude(exposed: boolean): void {
      letGo();
      resolve(exposed);
    }
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("connect", () => {
      clearTimeout(timer);
      timer = setTimeout(() => conclude(true), silenceMs);
      socket.write(`GET /healthz HTTP/1.1\r\nHost: ${address}\r\nConnection: close\r\n\r\n`);
    });
    socket.on("data", () => conclude(true));
    socket.on("close", () => conclude(false));
    socket.on("error", (error) => {
      if (CLOSED.has(errnoOf(error) ?? "")) return conclude(false);
      letGo();
      reject(notAsked(`${address} port ${port}`, error));
    });
  });
}

function notAsked(place: string, cause: Error): OpsError {
  return new OpsError({
    code: "host-unreachable",
    retry: "later",
    userMessage: `Whether ${place} is closed to the outside could not be tried: ${cause.message}.`,
    cause,
  });
}
