import type { HostShell, HostShells } from "../../../services/host-shell/host-shell.ts";
import type { Provider } from "../../../services/provider/provider.ts";
import { OpsError } from "../../core/errors.ts";
import type { Host } from "../../core/host.ts";
import { acceptedKeys } from "../../core/host-keys.ts";

/** The one SSH connection of a deploy, opened when first needed: a resumed deploy has its steps behind it but no connection. */
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

/** `now` in ms. */
export function connectionTo(
  host: Host,
  {
    shells,
    provider,
    now,
  }: { readonly shells: HostShells; readonly provider: Pick<Provider, "find">; now: () => number },
): Connection {
  const accepted = new Set(acceptedKeys(host.hostKeyFingerprint));
  let opening: Promise<HostShell> | null = null;
  let lastLookMs = Number.NEGATIVE_INFINITY;

  async function close(): Promise<void> {
    const shell = await opening?.catch(() => null);
    opening = null;
    await shell?.close();
  }

  return {
    async use(signal, work) {
      try {
        opening ??= shells.connect(host, { acceptFingerprints: [...accepted], signal });
        const shell = await opening;
        return await work(shell).catch((error: unknown) => explainEnding(shell, error));
      } catch (error) {
        if (!(error instanceof OpsError) || error.code !== "host-unreachable") throw error;
        await close();
        if (now() - lastLookMs >= LOOK_INTERVAL_MS) {
          lastLookMs = now();
          await expectAlive(provider, host, error);
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

/** Answers of `systemctl is-system-running` from a system that stays up. */
const STAYING_UP = new Set(["initializing", "starting", "running", "degraded", "maintenance"]);

/** Commands fail in strange ways on a host that is shutting down; that is what has to be told, not what they say. Always throws. */
async function explainEnding(shell: HostShell, error: unknown): Promise<never> {
  if (!(error instanceof OpsError) || error.code !== "host-command-failed") throw error;
  const { stdout } = await shell.run(["systemctl", "is-system-running"], { timeoutMs: 5000 });
  if (STAYING_UP.has(stdout.trim())) throw error;
  throw new OpsError({
    code: "host-unreachable",
    userMessage: "The host is shutting down.",
    retry: "later",
    evidence: error.evidence,
    cause: error,
  });
}

async function expectAlive(provider: Pick<Provider, "find">, { name }: Host, cause: OpsError): Promise<void> {
  const found = await provider.find(name);
  if (found?.state === "running") return;
  throw new OpsError({
    code: "host-gone",
    userMessage: found === null ? `Host ${name} no longer exists.` : `Host ${name} was switched off.`,
    hint: "Somebody or something ended it while the agent was being deployed.",
    cause,
  });
}
