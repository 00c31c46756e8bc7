import { isSpace } from "../src/core/typed.ts";

/** Part of a line. */
export interface Word {
  /** With its quotes. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** The quote that was opened and is not closed. */
  readonly missing: string | null;
}

/** The next word at or after `from`, up to a space outside quotes; null at the end of the line. */
export function wordAt(line: string, from: number): Word | null {
  let start = from;
  while (start < line.length && isSpace(line.charAt(start))) start += 1;
  if (start === line.length) return null;
  let missing: string | null = null;
  let end = start;
  for (; end < line.length; end += 1) {
    const char = line.charAt(end);
    if (missing === null && isSpace(char)) break;
    if (missing === '"' && char === "\\") end += 1;
    else if (char === missing) missing = null;
    else if (missing === null && (char === '"' || (char === "'" && !isLetter(line.charAt(end - 1))))) missing = char;
  }
  end = Math.min(end, line.length);
  return { text: line.slice(start, end), start, end, missing };
}

/** Whether all of it is in one pair of quotes. */
export function isQuote(word: string): boolean {
  return /^(?:"(?:[^"\\]|\\.)*"|'[^']*')$/su.test(word);
}

/** What makes a quote behind it an apostrophe, as in don't. */
function isLetter(char: string): boolean {
  return /\p{L}/u.test(char);
}

/** Phones type curly quotes, which mean the straight ones, unless they are quoted themselves. As long as before. */
export function straightenQuotes(line: string): string {
  return line.replace(
    /"(?:[^"\\]|\\.)*"|'[^']*'|[“”„‟]([^“”„‟"]*)[“”„‟"]|[‘’‚‛]([^‘’‚‛']*)[‘’‚‛']/gu,
    (quoted, double: string | undefined, single: string | undefined) => {
      if (double !== undefined) return `"${double}"`;
      return single === undefined ? quoted : `'${single}'`;
    },
  );
}

/** What is inside quotes, without them. */
export function unquote(word: string): string {
  return word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'/gs, (_, double: string | undefined, single: string | undefined) =>
    double === undefined ? (single ?? "") : double.replace(/\\(.)/gs, "$1"),
  );
}
