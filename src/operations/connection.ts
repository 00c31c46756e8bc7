import type { HostShell } from "../../services/host-shell/host-shell.ts";
import { OpsError } from "../core/errors.ts";
import { acceptedKeys } from "../core/host-keys.ts";
import type { Machine } from "./machine.ts";

/** The one SSH connection of an operation, opened when first needed: a resumed one has its steps behind it but no connection. */
export interface Connection extends AsyncDisposable {
  /**
   * Runs `work` on the connection. One that turns out to be dead is opened anew by the next call.
   * @throws OpsError `host-gone` (never retried) when the host does not answer because it is off or no longer exists.
   */
  use<Result>(signal: AbortSignal, work: (shell: HostShell) => Promise<Result>): Promise<Result>;
  /** From now on the host may also answer with this host key. */
  accept(fingerprint: string): void;
}

/** Providers limit how often they can be asked, and a host that is just booting fails to answer many times. */
const LOOK_INTERVAL_MS = 5000;

/** `elapsed`: ms since some moment. */
export function connectionTo(
  machine: Pick<Machine, "host" | "provider" | "system" | "connect">,
  elapsed: () => number,
): Connection {
  const accepted = new Set(acceptedKeys(machine.host));
  let opening: Promise<HostShell> | null = null;
  let lastLookMs = Number.NEGATIVE_INFINITY;

  async function close(): Promise<void> {
    const shell = await opening?.catch(() => null);
    opening = null;
    await shell?.close();
  }

  async function open(signal: AbortSignal): Promise<HostShell> {
    opening ??= machine.connect({ acceptFingerprints: [...accepted], signal });
    const attempt = opening;
    try {
      return await attempt;
    } catch (error) {
      // Whatever it failed of, the next attempt is another one.
      if (opening === attempt) opening = null;
      throw error;
    }
  }

  return {
    async use(signal, work) {
      try {
        const shell = await open(signal);
        return await work(shell).catch((error: unknown) => explainEnding(machine.system, shell, error));
      } catch (error) {
        if (!(error instanceof OpsError) || error.code !== "host-unreachable") throw error;
        await close();
        if (elapsed() - lastLookMs >= LOOK_INTERVAL_MS) {
          lastLookMs = elapsed();
          await expectAlive(machine, error, signal);
        }
        throw error;
      }
    },
    accept(fingerprint) {
      accepted.add(fingerprint);
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Commands fail in strange ways on a host that is shutting down; that is what has to be told, not what they say. Always throws. */
async function explainEnding(
  system: Pick<Machine["system"], "isEnding">,
  shell: HostShell,
  error: unknown,
): Promise<never> {
  if (!(error instanceof OpsError) || error.code !== "host-command-failed") throw error;
  if (!(await system.isEnding(shell))) throw error;
  throw new OpsError({
    code: "host-unreachable",
    userMessage: "The host is shutting down.",
    retry: "later",
    evidence: error.evidence,
    cause: error,
  });
}

async function expectAlive(
  { provider, host }: Pick<Machine, "host" | "provider">,
  cause: OpsError,
  signal: AbortSignal,
): Promise<void> {
  const { name } = host;
  const found = await provider.find(name, signal);
  if (found?.state === "running") return;
  throw new OpsError({
    code: "host-gone",
    userMessage: found === null ? `Host ${name} no longer exists.` : `Host ${name} was switched off.`,
    hint: "Somebody or something ended it in the middle of this.",
    cause,
  });
}
