import wrapAnsi from "wrap-ansi";

/** Breaks lines that are too long between words, keeping their indentation. A word that does not fit, such as an address, stays whole. */
export function wrap(text: string, columns: number): string {
  return text
    .split("\n")
    .flatMap((line) => wrapLine(line, columns))
    .join("\n");
}

function wrapLine(line: string, columns: number): string[] {
  const indent = /^ */.exec(line)?.[0] ?? "";
  const lines = wrapAnsi(line.slice(indent.length), Math.max(1, columns - indent.length)).split("\n");
  return lines.map((one) => indent + one);
}
