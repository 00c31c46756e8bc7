import type { Chat, ChatHandler, ChatMessage, Pace, Posted, PostOptions } from "../../../src/channels/channel.ts";
import type { Clock } from "../../../src/channels/chat/clock.ts";
import type { ChatName, Place } from "../../../src/core/chat.ts";
import { OpsError } from "../../../src/core/errors.ts";
import { createPaceCheck, flawOf, flawOfPost } from "./contract.ts";

interface MemoryMessage extends Posted, PostOptions {
  readonly postedAtMs: number;
  readonly history: ChatMessage[];
  message: ChatMessage;
}

interface Call {
  readonly kind: "post" | "edit" | "remove" | "thread";
  readonly chat: string;
  readonly atMs: number;
}

/** A chat service in memory, as strict as the port says. It outlives the processes that connect to it. */
export interface ChatServer {
  /** The chat as one process sees it. */
  connect(): Chat & { readonly handler: () => ChatHandler };
  /** What is there now, oldest first; null for all places. */
  messages(place?: Place): MemoryMessage[];
  readonly calls: Call[];
  /** Of all threads that were opened. */
  readonly threadTitles: string[];
  /** Breaches of the port's contract. Every test expects none. */
  readonly breaches: string[];
  /** Everything fails from now on; null: no more. */
  down: OpsError | null;
  /** The next calls take effect, but their answer is lost. */
  losesAnswers: number;
  /** Asks whoever calls next to wait, with one kind of calls or each of them, and takes it badly when they do not. */
  limitFor(ms: number, kind?: Call["kind"]): void;
  /** The bot may not write there any more. */
  forbid(place: Place): void;
  allow(place: Place): void;
  /** What cannot be posted, as if the service found it malformed. */
  rejects: (message: ChatMessage) => boolean;
  /** Somebody deletes the message. */
  delete(id: string): void;
}

interface Options {
  readonly name?: ChatName;
  readonly pace?: Pace;
  readonly threads?: boolean;
  /** Whether posting again with the same key finds the message that is there; Telegram has no such thing. */
  readonly keys?: boolean;
}

const KEPT_KEY_MS = 5 * 60_000;
const EDITABLE_MS = 60 * 60_000;

export const unavailable = (retryAfterMs: number | null = null) =>
  new OpsError({ code: "chat-unavailable", userMessage: "The chat is away.", retry: "later", retryAfterMs });

export function createChatServer(clock: Clock, options: Options = {}): ChatServer {
  const { name = "discord", pace = { gapMs: 1_500, perMinute: 30 }, threads = false, keys = true } = options;
  const messages: MemoryMessage[] = [];
  const forbidden = new Set<string>();
  let made = 0;
  let limited: { readonly untilMs: number; readonly kind: Call["kind"] | null; readonly told: Set<string> } | null =
    null;
  let processes = 0;

  const demand = (flaw: string | null) => {
    if (flaw === null) return;
    server.breaches.push(flaw);
    throw new OpsError({ code: "internal", userMessage: flaw });
  };
  const find = ({ place, id }: Posted) =>
    messages.find((message) => message.id === id && message.place.chat === place.chat);

  const server: ChatServer = {
    messages: (place) => messages.filter((message) => place === undefined || message.place.chat === place.chat),
    calls: [],
    threadTitles: [],
    breaches: [],
    down: null,
    losesAnswers: 0,
    limitFor(ms, kind) {
      limited = { untilMs: clock.elapsed() + ms, kind: kind ?? null, told: new Set() };
    },
    forbid: ({ chat }) => void forbidden.add(chat),
    allow: ({ chat }) => void forbidden.delete(chat),
    rejects: () => false,
    delete: (id) => void messages.splice(0, messages.length, ...messages.filter((message) => message.id !== id)),

    connect() {
      const flawOfPace = createPaceCheck(pace);
      let handler: ChatHandler | null = null;
      processes += 1;
      const process = processes;
      const refuse = (kind: Call["kind"], chat: string) => {
        if (server.down !== null) throw server.down;
        const isLimited = limited !== null && clock.elapsed() < limited.untilMs;
        if (limited !== null && isLimited && (limited.kind ?? kind) === kind) {
          const who = `${process} ${kind}`;
          demand(limited.told.has(who) ? "a call came although the chat had asked to wait" : null);
          limited.told.add(who);
          throw unavailable(limited.untilMs - clock.elapsed());
        }
        if (!forbidden.has(chat)) return;
        throw new OpsError({ code: "chat-forbidden", userMessage: "The bot may not write there." });
      };
      const call = async <T>(kind: Call["kind"], { chat }: Place, effect: () => T): Promise<T> => {
        server.calls.push({ kind, chat, atMs: clock.elapsed() });
        demand(flawOfPace(chat, clock.elapsed()));
        refuse(kind, chat);
        const result = effect();
        if (server.losesAnswers > 0) {
          server.losesAnswers -= 1;
          throw unavailable();
        }
        return result;
      };

      return {
        name,
        entry: "dialog",
        pace: () => pace,
        async open(given) {
          handler = given;
        },
        async close() {
          handler = null;
        },
        handler() {
          if (handler === null) throw new Error("nobody has opened this chat");
          return handler;
        },
        post: (place, message, given) =>
          call("post", place, () => {
            const { key } = given;
            demand(flawOfPost(message, given));
            if (server.rejects(message)) throw new OpsError({ code: "internal", userMessage: "Malformed." });
            const same = messages.find(
              (other) =>
                keys &&
                key !== null &&
                other.key === key &&
                other.place.chat === place.chat &&
                clock.elapsed() - other.postedAtMs < KEPT_KEY_MS,
            );
            if (same !== undefined) return { place, id: same.id };
            made += 1;
            const id = String(made);
            const content = structuredClone(message);
            messages.push({ ...given, place, id, message: content, history: [content], postedAtMs: clock.elapsed() });
            return { place, id };
          }),
        edit: (posted, message) =>
          call("edit", posted.place, () => {
            demand(flawOf(message));
            const found = find(posted);
            if (found === undefined) return "gone";
            if (clock.elapsed() - found.postedAtMs > EDITABLE_MS) return "frozen";
            if (JSON.stringify(found.message) === JSON.stringify(message)) return "done";
            found.message = structuredClone(message);
            found.history.push(found.message);
            return "done";
          }),
        remove: (posted) =>
          call("remove", posted.place, () => {
            const found = find(posted);
            if (found !== undefined) messages.splice(messages.indexOf(found), 1);
          }),
        thread: (posted, title) =>
          call("thread", posted.place, () => {
            if (!threads || find(posted) === undefined) return null;
            server.threadTitles.push(title);
            return { ...posted.place, chat: `thread-${posted.id}` };
          }),
      };
    },
  };
  return server;
}
