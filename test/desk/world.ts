import { commands } from "../../commands/index.ts";
import type { Actor, Authority, People } from "../../src/core/actor.ts";
import type { Agent } from "../../src/core/agent.ts";
import type { ChannelMemory } from "../../src/core/chat.ts";
import type { Desk } from "../../src/core/desk.ts";
import { makeOperationId, parseAgentName } from "../../src/core/names.ts";
import { createRedactor } from "../../src/core/redaction.ts";
import { createDesk } from "../../src/desk/desk.ts";
import type { Limits } from "../../src/desk/limits.ts";
import type { Questions } from "../../src/desk/questions.ts";
import { memoryRegistry } from "../memory-registry.ts";
import { createMemoryLimiter, createMemoryOfChannels } from "./memory-chat-state.ts";
import {
  createMemoryAudit,
  createMemoryOperations,
  type MemoryOperations,
  type StepTitles,
} from "./memory-operations.ts";

export const owner: Actor = { channel: "terminal", user: "mo", roles: [], name: "Mo" };
export const stranger: Actor = { channel: "terminal", user: "eve", roles: [], name: "Eve" };

export function people(fields: Partial<People>): People {
  return { terminal: [], discord: { users: [], roles: [] }, telegram: [], ...fields };
}

const DEPLOY_STEPS = [
  { name: "validate", title: "Check the request" },
  { name: "create", title: "Create the host" },
  { name: "reach", title: "Reach the host" },
  { name: "ready", title: "Wait until the gateway is ready" },
];

export interface DeskWorld {
  readonly desk: Desk;
  readonly operations: MemoryOperations;
  readonly registry: ReturnType<typeof memoryRegistry>;
  readonly audit: ReturnType<typeof createMemoryAudit>;
  readonly memory: ChannelMemory;
}

/** The real desk over stores in memory. */
export function createDeskWorld(
  now: () => number,
  options: {
    readonly questions?: Partial<Questions>;
    readonly steps?: (kind: string) => StepTitles;
    readonly authority?: Partial<Authority>;
    readonly limits?: Limits;
    readonly memory?: ChannelMemory;
  } = {},
): DeskWorld {
  let tickets = 0;
  const memory = options.memory ?? createMemoryOfChannels(now);
  const operations = createMemoryOperations(now, options.steps ?? (() => DEPLOY_STEPS));
  const registry = memoryRegistry();
  const audit = createMemoryAudit();
  const questions: Questions = {
    status: async () => ({ type: "status", agents: [], nowMs: now() }),
    logs: async (agent, lines) => ({ type: "logs", agent, lines: [`asked for ${lines}`] }),
    snapshot: async () => ({ type: "snapshot", wanted: "f".repeat(64), current: null, all: [] }),
    ...options.questions,
  };
  const desk = createDesk({
    commands,
    authority: { owners: people({ terminal: [owner.user] }), operators: people({}), ...options.authority },
    memory,
    limiter: createMemoryLimiter(now),
    limits: options.limits ?? {},
    makeTicketId: () => `ticket${++tickets}`,
    operations,
    audit,
    registry,
    questions,
    now,
    redact: createRedactor().redact,
  });
  return { desk, operations, registry, audit, memory };
}

export function agentCalled(name: string, fields: Partial<Agent> = {}): Agent {
  return {
    name: parseAgentName(name),
    state: "serving",
    provider: "local",
    host: null,
    createdAtMs: 0,
    lastOperation: makeOperationId(0, () => 0),
    ...fields,
  };
}
