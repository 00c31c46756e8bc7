import type { Place } from "./chat.ts";
import type { TicketId } from "./ticket.ts";

export type Tone = "plain" | "progress" | "good" | "bad" | "question";

export interface StepLine {
  readonly mark: "pending" | "running" | "done" | "failed";
  readonly title: string;
  /** How long it took or takes so far; null before it starts. */
  readonly time: string | null;
  /** What is going on inside it; null when there is nothing to say. */
  readonly detail: string | null;
}

/** A moment and a place are shown as the chat shows them: in the reader's time zone, as a link. */
export type TextPart = string | { readonly atMs: number } | { readonly place: Place };

/** A row in a few words, for a narrow screen. */
interface Brief {
  readonly name: string;
  readonly rest: string;
}

export type Block =
  /** Parts make one line. */
  | { readonly type: "text"; readonly text: string | readonly TextPart[] }
  | { readonly type: "fields"; readonly fields: readonly { readonly name: string; readonly value: string }[] }
  /** Each row has as many cells as `head`; where a table does not fit, a line per `brief` takes its place. */
  | {
      readonly type: "table";
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
      readonly brief?: readonly Brief[];
    }
  | { readonly type: "bar"; readonly done: number; readonly total: number; readonly note: string }
  | { readonly type: "steps"; readonly steps: readonly StepLine[] }
  | { readonly type: "list"; readonly title: string; readonly items: readonly string[] }
  /** Lines from outside, oldest first. */
  | { readonly type: "log"; readonly lines: readonly string[] };

/** What may be done next: a button in a chat, a line to type in a terminal. */
export interface Action {
  /** One to three words. */
  readonly label: string;
  readonly tone: "plain" | "good" | "danger";
  readonly does: /** A complete command line. */
    | { readonly type: "command"; readonly line: string }
    /** The same, and the message loses its buttons: it was a question. Only in chats. */
    | { readonly type: "choose"; readonly line: string }
    /** The same, once: it takes the place of the message that carried it. Only in chats. */
    | { readonly type: "again"; readonly line: string }
    /** Takes away the message's buttons, and does nothing else. Only in chats. */
    | { readonly type: "leave" }
    /** Answers a question; only chats have tickets. */
    | { readonly type: "answer"; readonly ticket: TicketId; readonly answer: "yes" | "no" }
    /** Of a private question: opens a dialog to enter it, or leaves it. Only in chats. */
    | { readonly type: "private"; readonly ticket: TicketId; readonly wants: "enter" | "leave" };
}

/** What a channel shows, without a word on how. Strings may hold anything: each channel makes them harmless in its own way. */
export interface Message {
  readonly title: string;
  readonly tone: Tone;
  readonly blocks: readonly Block[];
  readonly actions: readonly Action[];
  /** For the person who asked, not for the room. */
  readonly private: boolean;
}

/** Leaves out blocks with nothing in them. */
export function message(
  title: string,
  tone: Tone,
  blocks: readonly (Block | null)[],
  options: { readonly private?: boolean; readonly actions?: readonly Action[] } = {},
): Message {
  const kept = blocks.filter((block) => block !== null).filter((block) => !isEmpty(block));
  return { title, tone, blocks: kept, actions: options.actions ?? [], private: options.private ?? false };
}

export function command(label: string, line: string, tone: Action["tone"] = "plain"): Action {
  return { label, tone, does: { type: "command", line } };
}

export function text(content: string | readonly TextPart[] | null): Block | null {
  return content === null || content.length === 0 ? null : { type: "text", text: content };
}

function isEmpty(block: Block): boolean {
  switch (block.type) {
    case "fields":
      return block.fields.length === 0;
    case "table":
      return block.rows.length === 0;
    case "steps":
      return block.steps.length === 0;
    case "list":
      return block.items.length === 0;
    case "log":
      return block.lines.length === 0;
    default:
      return false;
  }
}
