import { asOpsError, type OpsError } from "../core/errors.ts";
import type { HostName } from "../core/names.ts";
import { type Services, selectProvider } from "../operations/services.ts";

export interface Waking {
  readonly host: HostName;
  /** null when the host was started. */
  readonly error: OpsError | null;
}

/**
 * Switches the hosts of serving agents on that are off, as all local ones are after a reboot of this machine, and lets the
 * provider put back what running ones have lost around them. Idempotent; returns the hosts that were off and those that failed.
 */
export async function wakeHosts(services: Services): Promise<Waking[]> {
  const agents = (await services.registry.list()).filter(({ state }) => state === "serving");
  const woken = agents.map(async ({ host: name, provider: providerName }): Promise<Waking | null> => {
    if (name === null) return null;
    try {
      const provider = selectProvider(services, providerName);
      const host = await provider.find(name);
      if (host === null) return null;
      await provider.start(name);
      return host.state === "stopped" ? { host: name, error: null } : null;
    } catch (error) {
      const opsError = asOpsError(error);
      // Destroyed meanwhile.
      return opsError.code === "host-gone" ? null : { host: name, error: opsError };
    }
  });
  return (await Promise.all(woken)).filter((waking) => waking !== null);
}
