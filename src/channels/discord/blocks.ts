import type { Line, Part } from "../shape/outline.ts";
import { cut, lastLines } from "../shape/plain-text.ts";
import { bold, codeBlock, escapeMarkup } from "./markdown.ts";

const MAX_PIECE = 1600;
const LOG_LINES = 15;
const LOG_CHARS = 1200;

/** Part of an embed's description: finished markup, line by line or a whole block of code. */
export interface Section {
  readonly lines: readonly string[];
  /** Something had to be left out, other than a log's older lines. */
  readonly isCut: boolean;
}

export function sectionOf(part: Part): Section {
  if (part.type === "log") {
    const shown = lastLines(part.lines, LOG_CHARS, LOG_LINES);
    return { lines: shown.length === 0 ? [] : [codeBlock(shown)], isCut: false };
  }
  const isCut = part.lines.some((line) => line.some(({ text }) => escapeMarkup(text).length > MAX_PIECE));
  return { lines: part.lines.map(markup), isCut };
}

function markup(line: Line): string {
  return line
    .map(({ text, look }) => {
      const escaped = cut(escapeMarkup(text), MAX_PIECE);
      return look === "strong" ? bold(escaped) : escaped;
    })
    .join("");
}

/** Whether a part can be read in the message itself, so that it needs no file of its own. */
export function fitsAsText(part: Part): boolean {
  if (part.type !== "log") return true;
  return part.lines.length <= LOG_LINES && part.lines.reduce((sum, { length }) => sum + length + 1, 0) <= LOG_CHARS;
}
