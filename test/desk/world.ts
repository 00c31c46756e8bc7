import type { Command } from "../../commands/command.ts";
import { commands } from "../../commands/index.ts";
import type { MemoryProvider } from "../../services/provider/memory.ts";
import type { Services } from "../../src/assembly/services.ts";
import type { Actor, Authority, People } from "../../src/core/actor.ts";
import type { Agent, AgentRegistry } from "../../src/core/agent.ts";
import { NOTHING_KEPT } from "../../src/core/agent-settings.ts";
import type { ChannelMemory } from "../../src/core/chat.ts";
import type { Desk } from "../../src/core/desk.ts";
import { makeOperationId, parseAgentName } from "../../src/core/names.ts";
import { createRedactor } from "../../src/core/redaction.ts";
import { type SecretRef, vaultRef } from "../../src/core/secrets.ts";
import { createDesk } from "../../src/desk/desk.ts";
import type { Limits } from "../../src/desk/limits.ts";
import { operations as kinds } from "../../src/operations/index.ts";
import type { QuestionPorts } from "../../src/questions/question.ts";
import { asks, type Question } from "../../src/questions/question.ts";
import { parseSettings, readerOf } from "../../src/settings.ts";
import { createWorld } from "../operations/world.ts";
import { createMemoryLimiter, createMemoryOfChannels } from "./memory-chat-state.ts";
import {
  createMemoryAudit,
  createMemoryOperations,
  type MemoryOperations,
  type StepTitles,
} from "./memory-operations.ts";

/** A secret of Creel's in the vault. */
export const CREELS_OWN = vaultRef("creels-own");
/** One in 1Password. */
export const CREELS_OWN_ELSEWHERE = "op://ops/Creel/telegram" as SecretRef;

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
  readonly registry: AgentRegistry;
  readonly provider: MemoryProvider;
  readonly services: Services;
  readonly audit: ReturnType<typeof createMemoryAudit>;
  readonly memory: ChannelMemory;
  readonly redact: (text: string) => string;
}

/** The real desk over stores in memory. */
export function createDeskWorld(
  now: () => number,
  options: {
    readonly commands?: readonly Command[];
    /** In place of those of a world in memory. */
    readonly services?: Partial<QuestionPorts>;
    readonly steps?: (kind: string) => StepTitles;
    readonly authority?: Partial<Authority>;
    readonly limits?: Limits;
    readonly memory?: ChannelMemory;
    /** Unlike `now`, nobody sets it; absent: nobody sets that either. */
    readonly elapsed?: () => number;
  } = {},
): DeskWorld {
  let tickets = 0;
  const memory = options.memory ?? createMemoryOfChannels(now);
  const { services, registry, provider } = createWorld({ provider: { name: "local" } });
  const read = readerOf(parseSettings("", "creel.yaml"));
  const definitions = kinds.map((kind) => kind.define(services, read));
  const operations = createMemoryOperations(now, options.steps ?? (() => DEPLOY_STEPS), definitions);
  const audit = createMemoryAudit();
  const redactor = createRedactor();
  const desk = createDesk({
    ownSecrets: [CREELS_OWN, CREELS_OWN_ELSEWHERE],
    commands: options.commands ?? commands,
    authority: { owners: people({ terminal: [owner.user] }), operators: people({}), ...options.authority },
    memory,
    limiter: createMemoryLimiter(now),
    limits: options.limits ?? {},
    makeTicketId: () => `ticket${++tickets}`,
    operations,
    audit,
    services: { ...services, ...options.services },
    now,
    elapsed: options.elapsed ?? now,
    redact: redactor.redact,
    learn: (value) => redactor.learn(value.reveal()),
  });
  return { desk, operations, registry, provider, services, audit, memory, redact: redactor.redact };
}

/** `among`, where the command `name`, which asks `question`, is answered with what `ask` finds. */
export function answering<Params, Answer>(
  name: string,
  question: Question<Params, Answer>,
  ask: (params: Params) => Promise<Answer>,
  among: readonly Command[] = commands,
): readonly Command[] {
  const stand = { ...question, ask: (_: unknown, params: Params) => ask(params) };
  return among.map((command) => {
    if (command.name !== name) return command;
    return { ...command, request: (values) => asks(stand, command.request(values).params as Params) };
  });
}

export function agentCalled(name: string, fields: Partial<Agent> = {}): Agent {
  return {
    name: parseAgentName(name),
    state: "serving",
    provider: "local",
    host: null,
    createdAtMs: 0,
    lastOperation: makeOperationId(0, () => 0),
    settings: NOTHING_KEPT,
    ...fields,
  };
}
