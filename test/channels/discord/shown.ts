/**
 * What Discord's client makes of a text: the characters a reader sees, and the markup it found. Knows escapes, bold, code, blocks of
 * it, and everything that would be formatting, a mention or a link.
 */
export interface Shown {
  readonly text: string;
  /** Markup other than bold and code, as it was found. */
  readonly markup: readonly string[];
}

const MARKUP: readonly RegExp[] = [
  /^<(?:@[!&]?|#|a?:\w+:|t:|\/)[^>]*>?/,
  /^@(?:everyone|here)/,
  /^(?:https?|discord|mailto|steam|tel):/i,
  /^\[/,
  /^:[a-z0-9_+-]+:/i,
  /^(?:[*_~|]{1,3}|`)/,
];
const LINE_MARKUP = /^\s*(?:#{1,3} |-# |>{1,3} |[-*+] |\d+[.)] )/;

export function shown(source: string): Shown {
  const markup: string[] = [];
  let text = "";
  let rest = source;
  let isBold = false;
  let isLineStart = true;
  while (rest !== "") {
    const block = /^```\n([\s\S]*?)```/.exec(rest);
    if (block !== null) {
      text += block[1] ?? "";
      rest = rest.slice(block[0].length);
      continue;
    }
    const code = /^`([^`\n]+)`(?!`)/.exec(rest);
    if (code !== null) {
      text += code[1] ?? "";
      isLineStart = false;
      rest = rest.slice(code[0].length);
      continue;
    }
    if (rest.startsWith("**")) {
      isBold = !isBold;
      rest = rest.slice(2);
      continue;
    }
    const line = isLineStart ? LINE_MARKUP.exec(rest) : null;
    const found = line ?? MARKUP.map((pattern) => pattern.exec(rest)).find((match) => match !== null);
    if (found) markup.push(found[0]);
    const escaped = /^\\([^0-9A-Za-z\s])/u.exec(rest);
    const next = escaped?.[1] ?? String.fromCodePoint(rest.codePointAt(0) ?? 0);
    text += next;
    isLineStart = next === "\n";
    rest = rest.slice(escaped?.[0].length ?? next.length);
  }
  if (isBold) markup.push("** without an end");
  return { text, markup };
}
