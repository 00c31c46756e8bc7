import { noSuchAgent } from "../core/agent.ts";
import { OpsError } from "../core/errors.ts";
import type { Host } from "../core/host.ts";
import type { AgentName, HostName } from "../core/names.ts";
import type { Providers } from "../operations/providers.ts";

/**
 * The host of an agent, as providers tell of it, for what has to work without the registry. `registered`: the one that the registry names; null:
 * nobody knows, and the newest counts. @throws OpsError `not-found`, `wrong-state` when it is switched off, and what providers throw.
 */
export async function hostOf(
  { providers }: { readonly providers: Providers },
  agent: AgentName,
  registered: HostName | null,
  signal?: AbortSignal,
): Promise<Host> {
  const all = (await Promise.all([...providers.values()].map((provider) => provider.list(signal)))).flat();
  const its = all.filter(({ agents }) => agents.includes(agent)).toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  const host = its.find(({ name }) => name === registered) ?? its[0];
  if (host === undefined) throw noSuchAgent(agent, whoThereIs(all.flatMap(({ agents }) => agents)));
  if (host.state === "running") return host;
  throw new OpsError({
    code: "wrong-state",
    userMessage: `The host of ${agent} is switched off.`,
    hint: `/restart agent:${agent} switches it on.`,
  });
}

function whoThereIs(agents: readonly AgentName[]): string {
  const names = [...new Set(agents)].toSorted();
  return names.length === 0 ? "No provider has a host of an agent." : `There are hosts of ${names.join(", ")}.`;
}
