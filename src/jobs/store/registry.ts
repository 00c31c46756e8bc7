import type { Redis } from "ioredis";
import { z } from "zod";
import { keptSettings } from "../../agent-settings/schema.ts";
import type { Agent, AgentRegistry } from "../../core/agent.ts";
import { AGENT_CHANNELS, NOTHING_KEPT } from "../../core/agent-settings.ts";
import { isAgentName, isOperationId, parseHostName } from "../../core/names.ts";
import type { Unreadable } from "../../core/unreadable.ts";
import { orStoreError } from "./connection.ts";
import { keys } from "./keys.ts";
import { FORMAT, orReason, parseStored, reasonOf, storedText, unreadableError } from "./record.ts";
import { CLAIM_AGENT, PUT_AGENT, REMOVE_AGENT, runScript } from "./scripts.ts";

export const agentSchema = z.object({
  name: z.string().refine(isAgentName),
  state: z.enum(["deploying", "serving", "failed"]),
  provider: z.string(),
  host: z.string().transform(parseHostName).nullable(),
  createdAtMs: z.number(),
  lastOperation: z.string().refine(isOperationId),
  // Records of an older Creel have none.
  settings: keptSettings.default(NOTHING_KEPT),
  isUnread: z.literal(true).exactOptional(),
  change: z
    .object({ operation: z.string().refine(isOperationId), before: keptSettings, after: keptSettings })
    .exactOptional(),
});

export function createAgentRegistry(redis: Redis): AgentRegistry {
  const unlessNewer = async (script: typeof PUT_AGENT, name: string, ...text: readonly string[]) => {
    if ((await runScript(redis, script, [keys.agents], [name, FORMAT, ...text])) === 1) return;
    throw unreadableError({ kind: "agent", name, why: "newer" });
  };
  return {
    async get(name) {
      const text = await orStoreError(redis.hget(keys.agents, name));
      return text === null ? null : parseAgent(text, name);
    },
    list: async () => (await readAll(redis)).agents,
    unreadable: async () => (await readAll(redis)).unreadable,
    put: (agent) => unlessNewer(PUT_AGENT, agent.name, storedText(agent)),
    async claim(agent, bots) {
      const wanted = AGENT_CHANNELS.flatMap((channel) => (bots[channel] ? [`${channel}:${bots[channel].id}`] : []));
      const args = [agent.name, FORMAT, storedText(agent), ...wanted];
      const reply = await runScript(redis, CLAIM_AGENT, [keys.agents], args);
      if (reply === 1) return null;
      if (typeof reply === "string" && isAgentName(reply)) return reply;
      throw unreadableError({ kind: "agent", name: agent.name, why: "newer" });
    },
    remove: (name) => unlessNewer(REMOVE_AGENT, name),
  };
}

/** @throws as `parseStored`; also for a record that stands under another agent's name. */
export function parseAgent(text: string, name: string): Agent {
  const agent = parseStored(agentSchema, text, { kind: "agent", name });
  if (agent.name !== name) throw unreadableError({ kind: "agent", name, why: "broken" });
  return agent;
}

async function readAll(redis: Redis): Promise<{ readonly agents: Agent[]; readonly unreadable: Unreadable[] }> {
  const agents: Agent[] = [];
  const unreadable: Unreadable[] = [];
  const texts = await orStoreError(redis.hgetall(keys.agents)).catch((error: unknown) => {
    unreadable.push({ kind: "key", name: keys.agents, why: reasonOf(error) });
    return {};
  });
  for (const [name, text] of Object.entries(texts)) {
    const agent = orReason(() => parseAgent(text, name));
    if (typeof agent === "string") unreadable.push({ kind: "agent", name, why: agent });
    else agents.push(agent);
  }
  return { agents: agents.sort(byName), unreadable: unreadable.sort(byName) };
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
