/** Breaks lines that are too long between words, keeping their indentation. A word that does not fit, such as an address, stays whole. */
export function wrap(text: string, columns: number): string {
  return text
    .split("\n")
    .map((line) => wrapLine(line, columns))
    .join("\n");
}

function wrapLine(line: string, columns: number): string {
  if (line.length <= columns) return line;
  const indent = /^ */.exec(line)?.[0] ?? "";
  const lines: string[] = [];
  let current = "";
  for (const word of line.trim().split(" ")) {
    const longer = current === "" ? indent + word : `${current} ${word}`;
    if (current !== "" && longer.length > columns) {
      lines.push(current);
      current = indent + word;
    } else {
      current = longer;
    }
  }
  return [...lines, current].join("\n");
}
