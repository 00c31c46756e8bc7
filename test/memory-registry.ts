import type { Agent, AgentRegistry } from "../src/core/agent.ts";

/** The registry of agents without Redis. */
export function memoryRegistry(): AgentRegistry {
  const agents = new Map<string, Agent>();
  return {
    get: async (name) => agents.get(name) ?? null,
    list: async () => [...agents.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    async put(agent) {
      agents.set(agent.name, structuredClone(agent));
    },
    async remove(name) {
      agents.delete(name);
    },
  };
}
