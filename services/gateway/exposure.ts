import { connect } from "node:net";
import { stopped } from "./failures.ts";

const TIMEOUT_MS = 3000;

/**
 * Knocks as a stranger would: connects and asks for `/healthz`. True only when something answers with at least one byte: user-mode
 * networks accept connections for ports on which nobody listens, and close them again.
 * @throws OpsError `cancelled`, or the signal's own reason.
 */
export function probeExposed(
  { address, port }: { readonly address: string; readonly port: number },
  signal: AbortSignal,
  timeoutMs: number = TIMEOUT_MS,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(stopped(signal));
    const socket = connect({ host: address, port });
    const onAbort = () => {
      reject(stopped(signal));
      socket.destroy();
    };
    function conclude(exposed: boolean): void {
      signal.removeEventListener("abort", onAbort);
      clearTimeout(timer);
      socket.destroy();
      resolve(exposed);
    }
    // One limit for everything: a server that takes the question and stays silent is not a gateway that answers.
    const timer = setTimeout(() => conclude(false), timeoutMs);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("connect", () => socket.write(`GET /healthz HTTP/1.1\r\nHost: ${address}\r\nConnection: close\r\n\r\n`));
    socket.on("data", () => conclude(true));
    socket.on("error", () => conclude(false));
    socket.on("close", () => conclude(false));
  });
}
