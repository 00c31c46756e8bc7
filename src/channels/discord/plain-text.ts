import { stripVTControlCharacters } from "node:util";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** Control characters, invisible ones that are no part of an emoji, and those that make text read in another order than it is written. */
const UNSAFE =
  /[\p{Cc}\p{Co}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;
const LINE_END = /\r\n?|[\v\f\u0085\u2028\u2029]/g;
/** A cut goes back to a space if there is one among this many characters before it. */
const WORD = 24;

/** Text of several lines without what cannot be seen; at most one empty line in a row. */
export function cleanLines(text: string): string {
  return stripVTControlCharacters(text.toWellFormed())
    .replace(LINE_END, "\n")
    .split("\n")
    .map((line) => line.replaceAll("\t", "  ").replace(UNSAFE, "").trimEnd())
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .replace(/^\n+|\s+$/g, "");
}

/** The same as one line. */
export function cleanLine(text: string): string {
  return cleanLines(text).replace(/\s+/g, " ").trim();
}

/** At most `limit` UTF-16 units, which Discord's own count never exceeds; cut between words or graphemes, with `…` at its end when something is missing. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  if (limit < 1) return "";
  const whole = graphemes.segment(text).containing(limit - 1)?.index ?? 0;
  // A single grapheme may be endless: a letter with thousands of accents.
  const end = whole > 0 ? whole : wholeCodePoint(text, limit - 1);
  const head = text.slice(0, end);
  const space = head.search(/\s\S*$/);
  const kept = space > Math.max(0, head.length - WORD) ? head.slice(0, space) : head;
  // A backslash that is cut from what it escapes vanishes before the `…`, as Discord shows it.
  return `${kept.trimEnd()}…`;
}

function wholeCodePoint(text: string, end: number): number {
  return text.slice(0, end).isWellFormed() ? end : end - 1;
}
