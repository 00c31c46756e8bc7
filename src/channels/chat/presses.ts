import { createHash } from "node:crypto";
import { z } from "zod";
import type { ChannelMemory } from "../../core/chat.ts";
import type { Action, Message } from "../../core/message.ts";
import type { TicketId } from "../../core/ticket.ts";
import type { ChatMessage } from "../channel.ts";
import { buttonTooOld } from "../render/chat.ts";

/** Telegram's `callback_data` takes 1–64 bytes (Bot API, InlineKeyboardButton); Discord's `custom_id` 100. */
const MOST_BYTES = 64;
const KEPT_MS = 30 * 24 * 60 * 60_000;

export const LEAVE = "l:";
/** Before a line that fits, and before the name of one that does not. */
const LETTERS = { command: ["c", "k"], again: ["a", "b"], choose: ["d", "e"] } as const;

/** Whether the message that carried it goes when it is done. */
export function isOnce(press: string): boolean {
  return /^[ab]:/.test(press);
}

/** Whether the message that carried it was a question, which is answered by it. */
export function isChoice(press: string): boolean {
  return /^[de]:/.test(press);
}

/** An answer to a question. */
export interface Decision {
  readonly ticket: TicketId;
  readonly answer: "yes" | "no";
}

/**
 * What buttons send back: `c:` and a command line if that fits, else `k:` and the name under which the line is kept for 30 days;
 * `a:` and `b:` are the same for what is done once, `d:` and `e:` for a choice, `l:` leaves it; `p:` or `q:` and the ticket of a private question; `y:` or `n:` and a question's ticket. Nothing in it is trusted when it comes back: the desk checks it like something typed.
 */
export interface Presses {
  /** Of actions that do the same only the first is kept. May throw OpsError `store-unavailable`. */
  dress(message: Message): Promise<ChatMessage>;
  /** null for a button that stands for a command line. */
  decisionIn(press: string): Decision | null;
  /** null for a button of anything but a private question. */
  privateIn(press: string): { readonly ticket: TicketId; readonly wants: "enter" | "leave" } | null;
  /** @throws OpsError `not-found` for a button whose line is not kept any more, `store-unavailable`. */
  lineOf(press: string): Promise<string>;
}

export function createPresses(memory: ChannelMemory): Presses {
  const pressFor = async ({ does }: Action): Promise<string> => {
    if (does.type === "leave") return LEAVE;
    if (does.type === "private") return `${does.wants === "enter" ? "p" : "q"}:${does.ticket}`;
    if (does.type === "answer") return `${does.answer === "yes" ? "y" : "n"}:${does.ticket}`;
    const [ofLine, ofName] = LETTERS[does.type];
    const short = `${ofLine}:${does.line}`;
    if (short.length <= MOST_BYTES && /^[ -~]*$/.test(short)) return short;
    const name = createHash("sha256").update(does.line).digest("base64url");
    await memory.put(keyOf(name), does.line, KEPT_MS);
    return `${ofName}:${name}`;
  };

  return {
    async dress(message) {
      const actions = new Map<string, Action>();
      for (const action of message.actions) {
        const press = await pressFor(action);
        if (!actions.has(press)) actions.set(press, action);
      }
      return { ...message, actions: [...actions.values()], presses: [...actions.keys()] };
    },
    decisionIn(press) {
      const [, letter, ticket] = /^([yn]):(.+)$/.exec(press) ?? [];
      if (ticket === undefined) return null;
      // Only the desk knows whether there is such a ticket.
      return { ticket: ticket as TicketId, answer: letter === "y" ? "yes" : "no" };
    },
    privateIn(press) {
      const [, letter, ticket] = /^([pq]):(.+)$/.exec(press) ?? [];
      return ticket === undefined ? null : { ticket: ticket as TicketId, wants: letter === "p" ? "enter" : "leave" };
    },
    async lineOf(press) {
      if (/^[cad]:/.test(press)) return press.slice(2);
      const line = z.string().safeParse(/^[kbe]:/.test(press) ? await memory.get(keyOf(press.slice(2))) : null);
      if (!line.success) throw buttonTooOld();
      return line.data;
    },
  };
}

function keyOf(name: string): string {
  return `press:${name}`;
}
