import type { Block, Message, StepLine, TextPart, Tone } from "../../core/message.ts";
import { barWords, timeWords } from "../render/chat.ts";
import { type Piece, piecesOf } from "./pieces.ts";
import { cleanLine, cleanLines, cleanLogLine, isBlank, words } from "./plain-text.ts";

/** Empty for an empty line. */
export type Line = readonly Piece[];

/** What belongs together, with space around it. */
export type Part =
  | { readonly type: "lines"; readonly lines: readonly Line[] }
  /** Oldest first; something in it can be seen. */
  | { readonly type: "log"; readonly lines: readonly string[] };

export interface Outline {
  /** For chats that have no colours; null for an ordinary message. */
  readonly mark: string | null;
  readonly title: Line;
  readonly parts: readonly Part[];
}

const BAR_WIDTH = 12;
const TONES: Readonly<Partial<Record<Tone, string>>> = { good: "✅", bad: "❌", question: "❓", progress: "⏳" };
const STEPS: Readonly<Record<StepLine["mark"], string>> = { pending: "▫️", running: "▶️", done: "✅", failed: "❌" };

/** A message for a narrow screen. */
export function outline({ title, tone, blocks }: Message): Outline {
  const parts = blocks.map(partOf).filter(({ lines }) => lines.length > 0);
  return { mark: TONES[tone] ?? null, title: strong(words(title)), parts };
}

function partOf(block: Block): Part {
  if (block.type !== "log") return { type: "lines", lines: linesOf(block) };
  const lines = block.lines.map(cleanLogLine);
  return { type: "log", lines: lines.every(isBlank) ? [] : lines };
}

function linesOf(block: Exclude<Block, { type: "log" }>): Line[] {
  switch (block.type) {
    case "text":
      return typeof block.text === "string" ? textLines(cleanLines(block.text)) : [block.text.flatMap(partPieces)];
    case "fields":
      return block.fields.map(({ name, value }) => [
        ...strong(words(name)),
        ...plain(" "),
        ...valuePieces(words(value)),
      ]);
    case "table":
      return block.brief === undefined
        ? block.rows.flatMap((row) => rowLines(block.head, row))
        : block.brief.map(({ name, rest }) => [...strong(words(name)), ...plain(briefRest(rest))]);
    case "bar":
      return [plain(bar(block))];
    case "steps":
      return block.steps.flatMap(stepLines);
    case "list":
      return [strong(words(block.title)), ...block.items.map((item) => plain(`• ${words(item)}`))];
  }
}

function briefRest(rest: string): string {
  const line = cleanLine(rest);
  return isBlank(line) ? "" : ` · ${line}`;
}

function textLines(text: string): Line[] {
  return isBlank(text) ? [] : text.split("\n").map((line) => (line === "" ? [] : plain(line)));
}

function partPieces(part: TextPart): Line {
  if (typeof part === "string") return plain(spaced(part));
  if ("atMs" in part) return [{ text: timeWords(part.atMs), look: "time", atMs: part.atMs }];
  return [{ text: words(part.place.chat), look: "place" }];
}

/** Space at the ends parts it from what is next to it. */
function spaced(part: string): string {
  const line = cleanLine(part);
  return `${/^\s/.test(part) ? " " : ""}${line}${/\s$/.test(part) && line !== "" ? " " : ""}`;
}

/** Ids, addresses and versions are one word with more than letters in it. */
function valuePieces(value: string): Line {
  const isCopied = /^\S+$/u.test(value) && /[\d./:@-]/.test(value) && value.length > 3;
  return isCopied ? [{ text: value, look: "code" }] : plain(value);
}

/** More than two columns do not fit a phone: the row's name, and below it what there is to say. */
function rowLines(head: readonly string[], [first = "", ...rest]: readonly string[]): Line[] {
  const name = strong(words(first));
  const said = rest
    .map((cell, index) => ({ head: head.length > 2 ? cleanLine(head[index + 1] ?? "") : "", cell: cleanLine(cell) }))
    .filter(({ cell }) => !isBlank(cell))
    .map(({ head: of, cell }) => (of === "" ? cell : `${of} ${cell}`))
    .join(" · ");
  if (said === "") return [name];
  return head.length > 2 ? [name, plain(said)] : [[...name, ...plain(` ${said}`)]];
}

function bar(block: Extract<Block, { type: "bar" }>): string {
  const share = block.total > 0 ? Math.min(1, Math.max(0, block.done / block.total)) : 0;
  const full = Math.round(share * BAR_WIDTH);
  return `${"█".repeat(full)}${"░".repeat(BAR_WIDTH - full)} ${cleanLine(barWords(block))}`;
}

/** What goes on inside a step is of interest as long as it does. */
function stepLines({ mark, title, time, detail }: StepLine): Line[] {
  const isRunning = mark === "running";
  const name = words(title);
  const timed = time === null ? "" : ` · ${words(time)}`;
  const line = [...plain(`${STEPS[mark]} `), ...(isRunning ? strong(name) : plain(name)), ...plain(timed)];
  const inside = isRunning ? cleanLine(detail ?? "") : "";
  return isBlank(inside) ? [line] : [line, piecesOf(`› ${inside}`, "detail")];
}

function plain(text: string): Line {
  return piecesOf(text);
}

function strong(text: string): Line {
  return piecesOf(text, "strong");
}

/** All of it, for a file or a place that knows no formatting. */
export function plainText({ mark, title, parts }: Outline): string {
  const head = mark === null ? textOf(title) : `${mark} ${textOf(title)}`;
  return [head, ...parts.map(partText)].join("\n\n");
}

function partText(part: Part): string {
  if (part.type === "log") return part.lines.join("\n");
  return part.lines.map(textOf).join("\n");
}

export function textOf(line: Line): string {
  return line.map(({ text }) => text).join("");
}
