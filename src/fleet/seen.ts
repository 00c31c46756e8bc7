import type { Agent } from "../core/agent.ts";
import type { AgentStatus } from "../core/desk.ts";
import { hostLane, type Lane, whoServes } from "../core/lane.ts";
import { formatAgo } from "../core/measures.ts";
import type { SeenAgent, Sight } from "../core/sight.ts";

/** A watcher looks more often than this. */
const FRESH_MS = 10 * 60_000;

/** What an agent is like of which nobody can say more. */
const UNSEEN: Omit<SeenAgent, "agent" | "note"> = {
  ...({ host: "unknown", gateway: "unknown", network: "unknown" } as const),
  ...{ version: null, upMs: null, memoryBytes: null, restarts: null, channels: null },
};

/** How an agent is that cannot be asked from here: as its watcher saw it, as long as there is one. `nowMs`: since the epoch. */
export function asSeen(agent: Agent, sights: readonly Sight[], served: ReadonlySet<Lane>, nowMs: number): SeenAgent {
  const lane = hostLane(agent.provider);
  if (!served.has(lane)) return { agent, ...UNSEEN, note: `To ask it takes ${whoServes(lane)}.` };
  for (const { agents, atMs } of sights) {
    const seen = agents.find(({ agent: { name, host } }) => name === agent.name && host === agent.host);
    if (seen === undefined) continue;
    const age = nowMs - atMs;
    return age < FRESH_MS ? { ...seen, agent } : { ...seen, agent, note: `It was like this ${formatAgo(age)}.` };
  }
  return { agent, ...UNSEEN, note: "Its watcher has not looked at it yet." };
}

export function sightOf({ lastOperation: _, ...seen }: AgentStatus): SeenAgent {
  return seen;
}
