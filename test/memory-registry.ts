import { type Agent, type AgentRegistry, botOf } from "../src/core/agent.ts";
import type { Unreadable } from "../src/core/unreadable.ts";
import { unreadableError } from "../src/jobs/store/record.ts";

export interface MemoryRegistry extends AgentRegistry {
  /** Makes the record of an agent, which may be new, one that cannot be read. */
  spoil(name: string, why: Unreadable["why"]): void;
}

/** The registry of agents without Redis. */
export function memoryRegistry(): MemoryRegistry {
  const agents = new Map<string, Agent | Unreadable>();
  const sorted = () => [...agents.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const refuseNewer = (name: string) => {
    const found = agents.get(name);
    if (found && isUnreadable(found) && found.why === "newer") throw unreadableError(found);
  };
  return {
    async get(name) {
      const found = agents.get(name) ?? null;
      if (found && isUnreadable(found)) throw unreadableError(found);
      return found;
    },
    list: async () => sorted().flatMap((each) => (isUnreadable(each) ? [] : [each])),
    unreadable: async () => sorted().filter(isUnreadable),
    async put(agent) {
      refuseNewer(agent.name);
      agents.set(agent.name, structuredClone(agent));
    },
    async claim(agent, bots) {
      refuseNewer(agent.name);
      const others = sorted().flatMap((each) => (isUnreadable(each) || each.name === agent.name ? [] : [each]));
      const other = others.find((each) => botOf(each, bots) !== null);
      if (other !== undefined) return other.name;
      agents.set(agent.name, structuredClone(agent));
      return null;
    },
    async remove(name) {
      refuseNewer(name);
      agents.delete(name);
    },
    spoil(name, why) {
      agents.set(name, { kind: "agent", name, why });
    },
  };
}

function isUnreadable(record: Agent | Unreadable): record is Unreadable {
  return "why" in record;
}
