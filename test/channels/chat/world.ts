import type { Chat, Pace } from "../../../src/channels/channel.ts";
import type { AlertTarget } from "../../../src/channels/chat/alert-place.ts";
import { createFollower, type Follower, type OperationFeed } from "../../../src/channels/chat/follower.ts";
import { createOutbox, type Outbox } from "../../../src/channels/chat/outbox.ts";
import { createPresses } from "../../../src/channels/chat/presses.ts";
import type { Actor } from "../../../src/core/actor.ts";
import type { ChannelMemory, Place } from "../../../src/core/chat.ts";
import type { OpsError } from "../../../src/core/errors.ts";
import { parseAgentName } from "../../../src/core/names.ts";
import { finishStep, type Operation, start, startStep, succeed } from "../../../src/core/operation.ts";
import { createMemoryOfChannels } from "../../desk/memory-chat-state.ts";
import { createMemoryOperations, type MemoryOperations } from "../../desk/memory-operations.ts";
import { createFakeClock, type FakeClock } from "./fake-clock.ts";
import { type ChatServer, createChatServer } from "./memory-chat.ts";

export const mo: Actor = { channel: "discord", user: "111111111111111111", roles: [], name: "Mo" };
export const here: Place = { channel: "discord", chat: "200", topic: null };
export const alertsPlace: Place = { channel: "discord", chat: "900", topic: null };

/** Everything that outlives a process of Creel. */
export interface ChatWorld {
  readonly clock: FakeClock;
  readonly server: ChatServer;
  readonly memory: ChannelMemory;
  readonly operations: MemoryOperations;
  readonly errors: OpsError[];
  /** Somebody asks for a deploy in a chat. */
  ask(place?: Place): Promise<Operation>;
}

export const STEP_COUNT = 14;
const STEPS = Array.from({ length: STEP_COUNT }, (_, index) => ({ name: `step-${index}`, title: `Step ${index}` }));

export function createChatWorld(
  options: { readonly pace?: Pace; readonly threads?: boolean; readonly keys?: boolean } = {},
): ChatWorld {
  const clock = createFakeClock();
  const operations = createMemoryOperations(clock.now, () => STEPS);
  let asked = 0;
  return {
    clock,
    server: createChatServer(clock, options),
    memory: createMemoryOfChannels(clock.now),
    operations,
    errors: [],
    ask(place = here) {
      asked += 1;
      const agent = parseAgentName("ada");
      const origin = { place, key: `request-${asked}` };
      return operations.enqueue({ kind: "deploy", params: {}, agent, requestedBy: mo, origin });
    },
  };
}

export interface Process {
  readonly chat: Chat;
  readonly outbox: Outbox;
  readonly follower: Follower;
}

/** A process of Creel that follows operations. `parts` stand in for the world's own. */
export function startProcess(
  world: ChatWorld,
  parts: Partial<Pick<ChatWorld, "memory" | "clock">> & {
    chat?: Chat;
    operations?: OperationFeed;
    alerts?: Place | null;
    elsewhere?: readonly AlertTarget[];
  } = {},
): Process {
  const { memory, clock, operations, errors } = { ...world, ...parts };
  const chat = parts.chat ?? world.server.connect();
  const outbox = createOutbox({ chat, presses: createPresses(memory), clock });
  const follower = createFollower({
    ...{ channel: chat.name, outbox, feed: operations, memory, clock },
    alerts: parts.alerts === undefined ? alertsPlace : parts.alerts,
    elsewhere: () => parts.elsewhere ?? [],
    onError: (error) => void errors.push(error),
  });
  follower.start();
  return { chat, outbox, follower };
}

/** Works through all steps, each taking `stepMs`, as a worker would. */
export async function work({ clock, operations }: ChatWorld, { id }: Operation, stepMs: number): Promise<void> {
  operations.change(id, (operation) => start(operation, clock.now()));
  for (const { name } of STEPS) {
    operations.change(id, (operation) => startStep(operation, name, clock.now()));
    await clock.advance(stepMs);
    operations.change(id, (operation) => finishStep(operation, name, null, clock.now()));
  }
  operations.change(id, (operation) => succeed(operation, { version: "2026.9.6" }, clock.now()));
}
