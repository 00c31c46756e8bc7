import type { Block, StepLine } from "../message.ts";
import { bold, codeBlock, escapeLine, escapeLines } from "./markdown.ts";
import { cleanLine, cut } from "./plain-text.ts";

const NOTHING = "–";
const BAR_CELLS = 12;
const MAX_TEXT = 1600;
const MAX_LINE = 500;
const MAX_CELL = 120;
const LOG_LINES = 15;
const LOG_CHARS = 1200;
const MARKS: Readonly<Record<StepLine["mark"], string>> = { done: "✅", running: "▶️", pending: "▫️", failed: "❌" };

/** Part of an embed's description: pieces of finished markup of at most `MAX_TEXT` characters, one per line. */
export interface Section {
  readonly pieces: readonly string[];
  /** Something had to be left out. */
  readonly isCut: boolean;
}

type Fitted = (text: string, limit: number) => string;

/** Tables become one entry per row, because a phone would break the lines of a wide one. */
export function sectionOf(block: Block): Section {
  let isCut = false;
  const line: Fitted = (text, limit) => {
    const escaped = escapeLine(text);
    isCut ||= escaped.length > limit;
    return cut(escaped, limit) || NOTHING;
  };
  const pieces = piecesOf(block, line, (text) => {
    const escaped = escapeLines(text);
    isCut ||= escaped.length > MAX_TEXT;
    return cut(escaped, MAX_TEXT);
  });
  return { pieces: pieces.filter((piece) => piece !== ""), isCut };
}

function piecesOf(block: Block, line: Fitted, lines: (text: string) => string): string[] {
  switch (block.type) {
    case "text":
      return [lines(block.text)];
    case "fields":
      return block.fields.map(({ name, value }) => `${bold(line(name, MAX_CELL))} ${line(value, MAX_LINE)}`);
    case "table":
      return block.rows.map((row) => rowOf(block.head, row, line));
    case "bar":
      return [barOf(block.done, block.total, line(block.note, MAX_CELL))];
    case "steps":
      return block.steps.map((step) => stepOf(step, line));
    case "list":
      return [bold(line(block.title, MAX_CELL)), ...block.items.map((item) => `• ${line(item, MAX_LINE)}`)];
    case "log":
      return logPieces(block.lines);
  }
}

function rowOf(head: readonly string[], [first = "", ...rest]: readonly string[], line: Fitted): string {
  const title = bold(line(first, MAX_CELL));
  if (rest.length <= 1) return [title, ...rest.map((cell) => line(cell, MAX_CELL))].join(" ");
  const cells = rest.map((cell, index) => `${line(head[index + 1] ?? "", MAX_CELL)} ${line(cell, MAX_CELL)}`);
  return `${title}\n${cut(cells.join(" · "), MAX_TEXT - MAX_CELL * 3)}`;
}

function barOf(done: number, total: number, note: string): string {
  const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
  const filled = Math.round(share * BAR_CELLS);
  return `${"█".repeat(filled)}${"░".repeat(BAR_CELLS - filled)} ${done}/${total} · ${note}`;
}

function stepOf({ mark, title, time, detail }: StepLine, line: Fitted): string {
  const name = line(title, MAX_CELL);
  const head = `${MARKS[mark]} ${mark === "running" ? bold(name) : name}`;
  const timed = time === null ? head : `${head} · ${line(time, MAX_CELL)}`;
  return detail === null || cleanLine(detail) === "" ? timed : `${timed}\n› ${line(detail, MAX_LINE)}`;
}

/** Whether a log can be read in the message itself. */
export function fitsAsText(lines: readonly string[]): boolean {
  return lines.length <= LOG_LINES && lines.reduce((sum, line) => sum + line.length + 1, 0) <= LOG_CHARS;
}

/** The end of the log; all of it is in a file when it does not fit. */
function logPieces(lines: readonly string[]): string[] {
  const shown: string[] = [];
  let room = LOG_CHARS;
  for (const line of lines.slice(-LOG_LINES).reverse()) {
    const clean = cut(line.toWellFormed().trimEnd(), Math.max(0, room - 1));
    room -= clean.length + 1;
    if (room < 0) break;
    shown.unshift(clean);
  }
  const visible = shown.map(logLine);
  return visible.some((line) => line.trim() !== "") ? [codeBlock(visible)] : [];
}

/** Indentation says something in a log. */
function logLine(line: string): string {
  const indent = /^[ \t]{0,40}/.exec(line)?.[0].replaceAll("\t", "  ") ?? "";
  return indent + cleanLine(line);
}
