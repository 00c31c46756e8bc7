/** What the terminal can show; asked again for every drawing because windows change. */
export interface Look {
  /** Width in cells. */
  readonly columns: number;
  readonly color: boolean;
}

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

const SGR: Readonly<Record<Style, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

export function styled(look: Look, style: Style, text: string): string {
  const [on, off] = SGR[style];
  return look.color && text !== "" ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}

export type Mark = "done" | "failed" | "running" | "pending" | "question";

const MARKS: Readonly<Record<Mark, readonly [shape: string, style: Style]>> = {
  done: ["✓", "green"],
  failed: ["✗", "red"],
  running: ["●", "cyan"],
  pending: ["·", "dim"],
  question: ["?", "yellow"],
};

export function mark(look: Look, name: Mark): string {
  const [shape, style] = MARKS[name];
  return styled(look, style, shape);
}

const ASCII: Readonly<Record<string, string>> = {
  "✓": "+",
  "✗": "x",
  "●": "*",
  "·": ".",
  "→": ">",
  "│": "|",
  "━": "#",
  "─": "-",
  "–": "-",
  "…": "~",
  "“": '"',
  "”": '"',
};

/** For terminals that show nothing else; everything keeps its width. */
export function toAscii(text: string): string {
  return text.replace(/\P{ASCII}/gu, (char) => ASCII[char] ?? "?");
}
