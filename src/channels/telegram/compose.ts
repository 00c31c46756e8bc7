import type { ChatMessage } from "../channel.ts";
import type { Block, Message, StepLine, Tone } from "../message.ts";
import { clean } from "./escape.ts";
import { type Keyboard, keyboardOf } from "./keyboard.ts";
import { bold, cut, LINE_END, lengthOf, type Piece, plain, toHtml, toPlainText } from "./rich.ts";

/** core.telegram.org/bots/api#sendmessage and #senddocument, in UTF-16 units after the formatting is taken out. */
const TEXT_LIMIT = 4096;
const CAPTION_LIMIT = 1024;
/** core.telegram.org/bots/api#answercallbackquery */
const ALERT_LIMIT = 200;
const LEAST_LOG = 250;
const BAR_WIDTH = 12;
const TONES: Readonly<Partial<Record<Tone, string>>> = { good: "✅", bad: "❌", question: "❓", progress: "⏳" };
const STEP_MARKS: Readonly<Record<StepLine["mark"], string>> = {
  pending: "▫️",
  running: "⏳",
  done: "✅",
  failed: "❌",
};

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
  const pieces = piecesOf(message, null);
  const room = (kind === "caption" ? CAPTION_LIMIT : TEXT_LIMIT) - (lead?.length ?? 0);
  const finish = (content: readonly Piece[], limit: number): string =>
    (lead?.html ?? "") + visible(toHtml(content, limit));
  if (lengthOf(pieces) <= room) return { html: finish(pieces, room), keyboard, file: null };
  const lines = message.blocks.flatMap((block) => (block.type === "log" ? block.lines : []));
  if (lines.length === 0) return { html: finish(pieces, room), keyboard, file: null };
  const withFile = kind === "auto";
  const limit = withFile ? CAPTION_LIMIT - (lead?.length ?? 0) : room;
  const others = lengthOf(piecesOf(message, 0));
  const html = finish(piecesOf(message, Math.max(LEAST_LOG, limit - others)), limit);
  // With so much around the lines that a caption would lose some of it, the file has everything. It must not be empty.
  const fits = others + LEAST_LOG <= limit;
  const content = `${fits ? lines.map(clean).join("\n") : toPlainText(pieces)}\n`;
  return { html, keyboard, file: withFile ? { name: "log.txt", content } : null };
}

/** For a pop-up, where there is no formatting; null when the message does not fit into one. */
export function composeAlert(message: ChatMessage): string | null {
  if (message.actions.length > 0) return null;
  const text = toPlainText(piecesOf(message, null)).trim();
  return text.length > ALERT_LIMIT || text === "" ? null : text;
}

/** The title alone, for a notice that passes by. */
export function composeNotice({ title }: Message): string {
  return cut(clean(title), ALERT_LIMIT);
}

/** Telegram refuses a text in which nothing can be seen. */
function visible(html: string): string {
  return /[^\s\p{C}\p{Z}\p{M}\u115f\u1160\u2800\u3164\uffa0\ufffc]/u.test(html.replace(/<[^>]*>/g, "")) ? html : "…";
}

/** `logRoom`: how many characters the lines of logs may take, the newest first; null: as many as they need. */
function piecesOf({ title, tone, blocks }: Message, logRoom: number | null): Piece[] {
  const mark = TONES[tone];
  const head: Piece[] = [...(mark === undefined ? [] : [plain(`${mark} `)]), bold(title)];
  const logs = blocks.filter((block) => block.type === "log").length;
  const each = logRoom === null ? null : Math.floor(logRoom / Math.max(1, logs));
  return [head, ...blocks.map((block) => blockPieces(block, each))]
    .filter((part) => part.length > 0)
    .flatMap((part, index) => (index === 0 ? part : [LINE_END, LINE_END, ...part]));
}

function blockPieces(block: Block, logRoom: number | null): Piece[] {
  switch (block.type) {
    case "text":
      return [plain(block.text)];
    case "fields":
      return joinLines(block.fields.map(({ name, value }) => [nameSpan(name), plain(" "), valueSpan(value)]));
    case "table":
      return joinLines(block.rows.map((row) => rowPieces(block.head, row)));
    case "bar":
      return [plain(barText(block))];
    case "steps":
      return joinLines(block.steps.map(stepPieces));
    case "list":
      return joinLines([[bold(`${block.title}:`)], ...block.items.map((item) => [plain(`• ${item}`)])]);
    case "log": {
      const text = logText(block.lines, logRoom);
      return text === "" ? [] : [{ text, look: "pre" }];
    }
  }
}

function joinLines(lines: readonly (readonly Piece[])[]): Piece[] {
  return lines.flatMap((line, index) => (index === 0 ? line : [LINE_END, ...line]));
}

/** A command's usage can be tapped to copy it; sent by accident it could do something. */
function nameSpan(name: string): Piece {
  return name.startsWith("/") ? { text: name, look: "code" } : bold(name);
}

/** Ids, addresses and versions are one word with more than letters in it; they can be tapped to copy them. */
function valueSpan(value: string): Piece {
  return /^\S+$/u.test(value) && /[\d./:@-]/.test(value) && value.length > 3
    ? { text: value, look: "code" }
    : plain(value);
}

/** More than two columns do not fit a phone: the row's name, and below it what there is to say. */
function rowPieces(head: readonly string[], row: readonly string[]): Piece[] {
  const [first = "", ...rest] = row;
  const named = rest.map((cell, index) => ({ name: head[index + 1] ?? "", cell })).filter(({ cell }) => cell !== "");
  if (named.length === 0) return [bold(first)];
  if (head.length <= 2) return [bold(first), plain(` ${named.map(({ cell }) => cell).join(" ")}`)];
  const said = named.map(({ name, cell }) => (name === "" ? cell : `${name} ${cell}`)).join(" · ");
  return [bold(first), LINE_END, plain(said)];
}

function barText({ done, total, note }: Extract<Block, { type: "bar" }>): string {
  const share = total <= 0 ? 0 : Math.min(1, Math.max(0, done / total));
  const full = Math.round(share * BAR_WIDTH);
  return `${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)} ${done} of ${total} · ${note}`;
}

function stepPieces({ mark, title, time, detail }: StepLine): Piece[] {
  const line: Piece[] = [plain(`${STEP_MARKS[mark]} ${title}${time === null ? "" : ` · ${time}`}`)];
  return detail === null || mark !== "running" ? line : [...line, LINE_END, { text: `   ${detail}`, look: "italic" }];
}

/** The last lines that fit into `room`, and of a line that is longer than that its start. */
function logText(lines: readonly string[], room: number | null): string {
  const cleaned = lines.map(clean);
  if (room === null) return cleaned.join("\n");
  let used = 0;
  let first = cleaned.length;
  while (first > 0 && used + (cleaned[first - 1] ?? "").length + 1 <= room) {
    first -= 1;
    used += (cleaned[first] ?? "").length + 1;
  }
  if (first < cleaned.length) return cleaned.slice(first).join("\n");
  const last = cleaned.at(-1) ?? "";
  return room < 2 ? "" : `${cut(last, room - 2)}…`;
}
