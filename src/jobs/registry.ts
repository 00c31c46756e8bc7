import type { Redis } from "ioredis";
import { z } from "zod";
import type { Agent, AgentRegistry } from "../core/agent.ts";
import { isAgentName, isOperationId, parseHostName } from "../core/names.ts";
import { orStoreError } from "./connection.ts";
import { keys } from "./keys.ts";
import { parseStored } from "./record.ts";

const agentSchema = z.object({
  name: z.string().refine(isAgentName),
  state: z.enum(["deploying", "serving", "failed"]),
  provider: z.string(),
  host: z.string().transform(parseHostName).nullable(),
  createdAtMs: z.number(),
  lastOperation: z.string().refine(isOperationId),
});

export function createAgentRegistry(redis: Redis): AgentRegistry {
  const parse = (text: string): Agent => parseStored(agentSchema, text, "an agent");
  return {
    async get(name) {
      const text = await orStoreError(redis.hget(keys.agents, name));
      return text === null ? null : parse(text);
    },
    async list() {
      const texts = await orStoreError(redis.hvals(keys.agents));
      return texts.map(parse).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async put(agent) {
      await orStoreError(redis.hset(keys.agents, agent.name, JSON.stringify(agent)));
    },
    async remove(name) {
      await orStoreError(redis.hdel(keys.agents, name));
    },
  };
}
