import type { Command } from "../../../commands/command.ts";
import { commands } from "../../../commands/index.ts";
import { parseLine } from "../../../commands/parse.ts";
import type {
  ChatHandler,
  ChatMessage,
  CommandEvent,
  Posted,
  PressEvent,
  Responder,
} from "../../../src/channels/channel.ts";
import type { Clock } from "../../../src/channels/chat/clock.ts";
import { createChatHandler, type HandlerParts } from "../../../src/channels/chat/handler.ts";
import { createPresses } from "../../../src/channels/chat/presses.ts";
import type { LateWord } from "../../../src/channels/render/late.ts";
import type { Actor, Authority } from "../../../src/core/actor.ts";
import type { ChannelMemory, Place } from "../../../src/core/chat.ts";
import type { OpsError } from "../../../src/core/errors.ts";
import type { Operation } from "../../../src/core/operation.ts";
import type { PrivateQuestion } from "../../../src/core/private-question.ts";
import { createMemoryOfChannels } from "../../desk/memory-chat-state.ts";
import { createDeskWorld, type DeskWorld, people } from "../../desk/world.ts";
import { flawOf } from "./contract.ts";
import { createFakeClock, type FakeClock } from "./fake-clock.ts";
import { here, mo } from "./world.ts";

export const zoe: Actor = { channel: "discord", user: "222222222222222222", roles: [], name: "Zoe" };
export const eve: Actor = { channel: "discord", user: "666666666666666666", roles: [], name: "Eve" };

/** Of what is done in time. */
export const onTime = { atMs: null, isLate: async () => false };

/** What one person sees of what they typed or pressed. */
export interface Exchange extends Responder {
  readonly said: { readonly how: "answer" | "accept" | "turn away" | "replace"; readonly message: ChatMessage }[];
  readonly waited: () => boolean;
  readonly dialogs: { readonly question: PrivateQuestion; readonly press: string }[];
  /** The message whose button was pressed has lost them. */
  disarmed: boolean;
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
  /** What was asked about instead of being done. */
  readonly late: LateWord[];
  /** Breaches of the responder's contract. Every test expects none. */
  readonly breaches: string[];
  exchange(): Exchange;
  /** Somebody types a line; resolves once it is handled. */
  type(line: string, actor?: Actor, given?: { place?: Place; key?: string } & Partial<CommandEvent>): Promise<Exchange>;
  /** Somebody presses the button with this label, or this data. */
  press(posted: Posted, press: string, actor?: Actor, given?: Partial<PressEvent>): Promise<Exchange>;
  lastPosted(): Posted;
}

interface Options {
  readonly commands?: (clock: Clock) => readonly Command[];
  readonly authority?: Partial<Authority>;
  readonly parts?: Partial<HandlerParts>;
}

/** People talk to the real desk. mo is the owner, and so is zoe. */
export function createConversation(options: Options = {}): Conversation {
  const clock = createFakeClock();
  const owners = people({ discord: { users: [mo.user, zoe.user], roles: [] } });
  const desk = createDeskWorld(clock.now, {
    authority: { owners, ...options.authority },
    ...(options.commands ? { commands: options.commands(clock) } : {}),
  });
  const memory = createMemoryOfChannels(clock.now);
  const errors: OpsError[] = [];
  const followed: Operation[] = [];
  const breaches: string[] = [];
  const late: LateWord[] = [];
  const handler = createChatHandler({
    ...{
      desk: desk.desk,
      commands: options.commands?.(clock) ?? commands,
      presses: createPresses(memory),
      clock,
      entry: "dialog",
    },
    follower: { follow: (operation) => void followed.push(operation) },
    onError: (error) => void errors.push(error),
    questions: { asked: async () => undefined, answering: (_, answer) => answer() },
    lateWords: { ask: async ({ word }) => void late.push(word) },
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
      dialogs: [],
      disarmed: false,
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
      async disarm() {
        if (one.said.length > 0) breaches.push("disarmed after the answer");
        one.disarmed = true;
      },
      accept: async (message) => say("accept", message),
      async turnAway(message, again) {
        if (!again) say("turn away", message);
      },
      async dialog(question, press) {
        if (waited || one.said.length > 0) breaches.push("a dialog after the first answer");
        one.dialogs.push({ question, press });
      },
      replace: async (message) => say("replace", message),
    };
    return one;
  };
  return {
    ...{ handler, desk, clock, memory, errors, late, followed, breaches, exchange, lastPosted },
    async type(line, actor = mo, { place = here, key = `key-${++keys}`, ...more } = {}) {
      const responder = exchange();
      await handler.command({
        canPost: true,
        ...onTime,
        actor,
        place,
        key,
        read: () => parseLine(line, commands),
        responder,
        ...more,
      });
      return responder;
    },
    async press(posted, press, actor = mo, given) {
      const responder = exchange();
      await handler.press({
        canPost: true,
        isOrdinary: false,
        ...onTime,
        ...(given ?? {}),
        actor,
        key: `key-${++keys}`,
        posted,
        press,
        responder: given?.responder ?? responder,
      });
      return responder;
    },
  };
}
