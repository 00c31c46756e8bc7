import { asOpsError, type OpsError } from "../core/errors.ts";
import type { HostName } from "../core/names.ts";
import { type Services, selectProvider } from "../operations/services.ts";

export interface Waking {
  readonly host: HostName;
  /** null when the host was started. */
  readonly error: OpsError | null;
}

/**
 * Switches the hosts of serving agents on that are off, as all local ones are after a reboot of this machine.
 * Idempotent; returns the hosts it had to touch.
 */
export async function wakeHosts(services: Services): Promise<Waking[]> {
  const agents = (await services.registry.list()).filter(({ state }) => state === "serving");
  const woken = agents.map(async ({ host: name, provider: providerName }): Promise<Waking | null> => {
    if (name === null) return null;
    try {
      const provider = selectProvider(services, providerName);
      const host = await provider.find(name);
      if (host?.state !== "stopped") return null;
      await provider.start(name);
      return { host: name, error: null };
    } catch (error) {
      return { host: name, error: asOpsError(error) };
    }
  });
  return (await Promise.all(woken)).filter((waking) => waking !== null);
}
