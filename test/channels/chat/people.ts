import { commands } from "../../../commands/index.ts";
import { parseLine } from "../../../commands/parse.ts";
import type { ChatHandler, ChatMessage, Posted, Responder } from "../../../src/channels/channel.ts";
import type { Clock } from "../../../src/channels/chat/clock.ts";
import { createChatHandler, type HandlerParts } from "../../../src/channels/chat/handler.ts";
import { createPresses } from "../../../src/channels/chat/presses.ts";
import type { Actor, Authority } from "../../../src/core/actor.ts";
import type { ChannelMemory, Place } from "../../../src/core/chat.ts";
import type { OpsError } from "../../../src/core/errors.ts";
import type { Operation } from "../../../src/core/operation.ts";
import type { Questions } from "../../../src/desk/questions.ts";
import { createMemoryOfChannels } from "../../desk/memory-chat-state.ts";
import { createDeskWorld, type DeskWorld, people } from "../../desk/world.ts";
import { flawOf } from "./contract.ts";
import { createFakeClock, type FakeClock } from "./fake-clock.ts";
import { here, mo } from "./world.ts";

export const zoe: Actor = { channel: "discord", user: "222222222222222222", roles: [], name: "Zoe" };
export const eve: Actor = { channel: "discord", user: "666666666666666666", roles: [], name: "Eve" };

/** What one person sees of what they typed or pressed. */
export interface Exchange extends Responder {
  readonly said: { readonly how: "answer" | "accept" | "replace"; readonly message: ChatMessage }[];
  readonly waited: () => boolean;
  /** How often the chat is away when it is spoken to. */
  failures: OpsError[];
}

export interface Conversation {
  readonly handler: ChatHandler;
  readonly desk: DeskWorld;
  readonly clock: FakeClock;
  readonly memory: ChannelMemory;
  readonly errors: OpsError[];
  readonly followed: Operation[];
  /** Breaches of the responder's contract. Every test expects none. */
  readonly breaches: string[];
  exchange(): Exchange;
  /** Somebody types a line; resolves once it is handled. */
  type(line: string, actor?: Actor, given?: { place?: Place; key?: string }): Promise<Exchange>;
  /** Somebody presses the button with this label, or this data. */
  press(posted: Posted, press: string, actor?: Actor): Promise<Exchange>;
  lastPosted(): Posted;
}

interface Options {
  readonly questions?: (clock: Clock) => Partial<Questions>;
  readonly authority?: Partial<Authority>;
  readonly parts?: Partial<HandlerParts>;
}

/** People talk to the real desk. mo is the owner, and so is zoe. */
export function createConversation(options: Options = {}): Conversation {
  const clock = createFakeClock();
  const owners = people({ discord: { users: [mo.user, zoe.user], roles: [] } });
  const desk = createDeskWorld(clock.now, {
    authority: { owners, ...options.authority },
    questions: options.questions?.(clock) ?? {},
  });
  const memory = createMemoryOfChannels(clock.now);
  const errors: OpsError[] = [];
  const followed: Operation[] = [];
  const breaches: string[] = [];
  const handler = createChatHandler({
    ...{ desk: desk.desk, commands, presses: createPresses(memory), clock },
    follower: { follow: (operation) => void followed.push(operation) },
    onError: (error) => void errors.push(error),
    onTrouble: (error) => void (error === null ? undefined : errors.push(error)),
    ...options.parts,
  });
  let made = 0;
  let keys = 0;
  const lastPosted = () => ({ place: here, id: `answer-${made}` });
  const exchange = (): Exchange => {
    let waited = false;
    const say = (how: Exchange["said"][number]["how"], message: ChatMessage) => {
      const flaw = flawOf(message);
      if (flaw !== null) breaches.push(flaw);
      const failure = one.failures.shift();
      if (failure !== undefined) throw failure;
      if (one.said.length > 0) breaches.push("answered twice");
      one.said.push({ how, message });
    };
    const one: Exchange = {
      said: [],
      failures: [],
      waited: () => waited,
      async wait() {
        if (one.said.length > 0) breaches.push("waited after the answer");
        waited = true;
      },
      async answer(message) {
        say("answer", message);
        made += 1;
        return lastPosted();
      },
      accept: async (message) => say("accept", message),
      replace: async (message) => say("replace", message),
    };
    return one;
  };
  return {
    ...{ handler, desk, clock, memory, errors, followed, breaches, exchange, lastPosted },
    async type(line, actor = mo, { place = here, key = `key-${++keys}` } = {}) {
      const responder = exchange();
      await handler.command({ canPost: true, actor, place, key, read: () => parseLine(line, commands), responder });
      return responder;
    },
    async press(posted, press, actor = mo) {
      const responder = exchange();
      await handler.press({ canPost: true, actor, key: `key-${++keys}`, posted, press, responder });
      return responder;
    },
  };
}
