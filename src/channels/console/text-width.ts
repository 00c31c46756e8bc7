import { stripVTControlCharacters } from "node:util";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** Control characters, and those that make text read in another order than it is written. */
const UNSAFE = /[\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** Makes one line of anything: without escape sequences, control characters and direction overrides. */
export function clean(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\t\r\n\v\f\u0085\u2028\u2029]+/g, " ")
    .replace(UNSAFE, "");
}

/** Cells of a terminal that `text`, already clean, takes up. */
export function cells(text: string): number {
  return stringWidth(text);
}

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - cells(text)));
}

/** Cuts so that the result, with `…` at its end when something is missing, takes at most `width` cells. */
export function truncate(text: string, width: number): string {
  if (cells(text) <= width) return text;
  return width < 1 ? "" : `${takeCells(text, width - 1)}…`;
}

/** Breaks at spaces, and inside words that are longer than a line. At least one line, none wider than `width`. */
export function wrap(text: string, width: number): string[] {
  return wrapAnsi(text, Math.max(2, width), { hard: true }).split("\n");
}

function takeCells(text: string, width: number): string {
  let taken = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += cells(segment);
    if (used > width) break;
    taken += segment;
  }
  return taken;
}
