import { stripVTControlCharacters } from "node:util";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** What terminals draw two cells wide: East Asian scripts, their full-width forms, and emoji. */
const WIDE =
  /^(?:\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Script=Bopomofo}|\p{Script=Yi}|[\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|\p{Emoji}\ufe0f)/u;
const HALF_WIDTH = /^[\uff61-\uffdc]/u;
const INVISIBLE = /^[\p{M}\p{Cf}\p{Cc}\p{Cs}]+$/u;
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
  // Most text is plain; segmenting it would be slow in a display that is drawn often.
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let total = 0;
  for (const { segment } of graphemes.segment(text)) total += graphemeCells(segment);
  return total;
}

function graphemeCells(grapheme: string): number {
  if (INVISIBLE.test(grapheme)) return 0;
  return WIDE.test(grapheme) && !HALF_WIDTH.test(grapheme) ? 2 : 1;
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
  const limit = Math.max(2, width);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((part) => chop(part, limit))) {
    if (line !== "" && cells(line) + 1 + cells(word) > limit) {
      lines.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function chop(word: string, limit: number): string[] {
  const pieces: string[] = [];
  let rest = word;
  while (cells(rest) > limit) {
    const piece = takeCells(rest, limit);
    pieces.push(piece);
    rest = rest.slice(piece.length);
  }
  return [...pieces, rest];
}

function takeCells(text: string, width: number): string {
  let taken = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += graphemeCells(segment);
    if (used > width) break;
    taken += segment;
  }
  return taken;
}
