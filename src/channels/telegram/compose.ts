import type { Message } from "../../core/message.ts";
import type { ChatMessage } from "../channel.ts";
import { outline, plainText } from "../shape/outline.ts";
import { cut, words } from "../shape/plain-text.ts";
import { type Keyboard, keyboardOf } from "./keyboard.ts";
import { lengthOf, type Span, spansOf, toHtml } from "./rich.ts";

/** core.telegram.org/bots/api#sendmessage and #senddocument, in UTF-16 units after the formatting is taken out. */
const TEXT_LIMIT = 4096;
const CAPTION_LIMIT = 1024;
/** core.telegram.org/bots/api#answercallbackquery */
const ALERT_LIMIT = 200;
const LEAST_LOG = 250;

export interface Composed {
  /** Telegram's HTML: the text, or the caption of `file`. */
  readonly html: string;
  readonly keyboard: Keyboard | null;
  readonly file: { readonly name: string; readonly content: string } | null;
}

/** Ready-made HTML above the title, and how much of the limit it takes. */
export interface Lead {
  readonly html: string;
  readonly length: number;
}

/**
 * auto: a message with more log lines than fit has them in a file · text, caption: for a message that is already there, whose
 * kind cannot change; its file stays as it is.
 */
export function compose(message: ChatMessage, kind: "auto" | "text" | "caption", lead: Lead | null = null): Composed {
  const keyboard = keyboardOf(message);
  const content = outline(message);
  const spans = spansOf(content, null);
  const roomOf = (limit: number): number => limit - (lead?.length ?? 0);
  const finish = (some: readonly Span[], room: number): string => (lead?.html ?? "") + toHtml(some, room);
  const room = roomOf(kind === "caption" ? CAPTION_LIMIT : TEXT_LIMIT);
  const lines = content.parts.flatMap((part) => (part.type === "log" ? part.lines : []));
  if (lengthOf(spans) <= room || lines.length === 0) return { html: finish(spans, room), keyboard, file: null };
  const withFile = kind === "auto";
  const limit = withFile ? roomOf(CAPTION_LIMIT) : room;
  const others = lengthOf(spansOf(content, 0));
  const html = finish(spansOf(content, Math.max(LEAST_LOG, limit - others)), limit);
  // With so much around the lines that a caption would lose some of it, the file has everything.
  const fits = others + LEAST_LOG <= limit;
  const file = { name: "log.txt", content: `${fits ? lines.join("\n") : plainText(content)}\n` };
  return { html, keyboard, file: withFile ? file : null };
}

/** For a pop-up, where there is no formatting; null when the message does not fit into one. */
export function composeAlert(message: ChatMessage): string | null {
  if (message.actions.length > 0) return null;
  const text = plainText(outline(message));
  return text.length > ALERT_LIMIT ? null : text;
}

/** The title alone, for a notice that passes by. */
export function composeNotice({ title }: Message): string {
  return cut(words(title), ALERT_LIMIT);
}
