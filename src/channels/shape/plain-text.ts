import { stripVTControlCharacters } from "node:util";

/** Stands where there is nothing to see. */
const NOTHING = "–";
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** Control characters, lone surrogates, invisible ones that are no part of an emoji, and those that make text read in another order than it is written. */
const UNSAFE =
  /[\p{Cc}\p{Cs}\p{Co}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;
const STACKED = /(\p{M}{4})\p{M}+/gu;
const LINE_END = /\r\n?|[\v\f\u0085\u2028\u2029]/g;
/** A character that leaves a trace on a screen, also in chats that show some letters as blanks. */
const VISIBLE = /[^\s\p{C}\p{Z}\p{M}\u115f\u1160\u2800\u3164\uffa0\ufffc]/u;
/** A cut goes back to a space if there is one among this many characters before it. */
const WORD = 24;

/** Harmless text of several lines: what cannot be seen is gone, and at most one empty line is in a row. */
export function cleanLines(text: string): string {
  return linesOf(text)
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .replace(/^\n+/, "")
    .trimEnd();
}

/** The same as one line. */
export function cleanLine(text: string): string {
  return cleanLines(text).replace(/\s+/g, " ").trim();
}

/** A line of a log, where spaces say something. */
export function cleanLogLine(text: string): string {
  return linesOf(text).join(" ").trimEnd();
}

function linesOf(text: string): string[] {
  const lines = stripVTControlCharacters(text).replace(LINE_END, "\n").split("\n");
  return lines.map((line) => line.replaceAll("\t", "  ").replace(UNSAFE, "").replace(STACKED, "$1").trimEnd());
}

export function isBlank(text: string): boolean {
  return !VISIBLE.test(text);
}

/** One line in which something can be seen. */
export function words(text: string): string {
  const line = cleanLine(text);
  return isBlank(line) ? NOTHING : line;
}

/** The longest start of `text` that has at most `limit` UTF-16 units and ends between two characters as people count them. */
export function startOf(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const whole = graphemes.segment(text).containing(limit)?.index ?? 0;
  // A single grapheme may be endless: a letter with thousands of accents.
  return text.slice(0, whole > 0 || limit < 1 ? whole : wholeCodePoint(text, limit));
}

function wholeCodePoint(text: string, end: number): number {
  return text.slice(0, end).isWellFormed() ? end : end - 1;
}

/** At most `limit` UTF-16 units, cut between words or at least between characters, with `…` at its end when something is missing. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  if (limit < 1) return "";
  const head = startOf(text, limit - 1);
  const space = head.search(/\s\S*$/);
  const kept = space > Math.max(0, head.length - WORD) ? head.slice(0, space) : head;
  return `${kept.trimEnd()}…`;
}

/**
 * The newest lines that have at most `room` UTF-16 units with their line ends, and of a newest line that is longer its start.
 * None when nothing could be seen.
 */
export function lastLines(lines: readonly string[], room: number, most = Number.POSITIVE_INFINITY): string[] {
  const kept: string[] = [];
  let left = room;
  for (const line of lines.slice(-most).reverse()) {
    left -= line.length + 1;
    if (left < 0) break;
    kept.push(line);
  }
  if (kept.length === 0) kept.push(cut(lines.at(-1) ?? "", room - 1));
  return kept.every(isBlank) ? [] : kept.reverse();
}
