import { type Line, type Part, textOf } from "../shape/outline.ts";
import type { Piece } from "../shape/pieces.ts";
import { cut, lastLines } from "../shape/plain-text.ts";
import { bold, channelLink, codeBlock, escapeMarkup, inlineCode, relativeTime } from "./markdown.ts";

const MAX_LINE = 1600;
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
  const lines = part.lines.map((line) => markup(line, MAX_LINE));
  return { lines: lines.map(({ text }) => text), isCut: lines.some(({ isCut }) => isCut) };
}

/** A line in Discord's markup of at most `limit` UTF-16 units; what is longer is cut, and then has no formatting. */
export function markup(line: Line, limit: number): { readonly text: string; readonly isCut: boolean } {
  const text = line.map(pieceMarkup).join("");
  if (text.length <= limit) return { text, isCut: false };
  return { text: cut(escapeMarkup(textOf(line)), limit), isCut: true };
}

function pieceMarkup({ text, look, atMs }: Piece): string {
  switch (look) {
    case "plain":
    case "detail":
      return escapeMarkup(text);
    case "strong":
      return bold(escapeMarkup(text));
    case "code":
      return inlineCode(text);
    case "time":
      return atMs === undefined ? inlineCode(text) : relativeTime(atMs);
    case "place":
      return channelLink(text);
  }
}

/** Whether a part can be read in the message itself, so that it needs no file of its own. */
export function fitsAsText(part: Part): boolean {
  if (part.type !== "log") return true;
  return part.lines.length <= LOG_LINES && part.lines.reduce((sum, { length }) => sum + length + 1, 0) <= LOG_CHARS;
}
