import { clean, defuse, escapeHtml } from "./escape.ts";

/** A piece of text in one look. In `code` and `pre` Telegram searches for nothing, so they can be copied as they are. */
export interface Span {
  /** Anything. In `pre` line ends are kept. */
  readonly text: string;
  readonly look: "plain" | "bold" | "italic" | "code" | "pre";
}

/** Telegram shows 100 entities of a message and forgets the others; a few are kept for a mention. */
const MOST_ENTITIES = 95;
const TAGS = { bold: "b", italic: "i", code: "code", pre: "pre" } as const;
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** What people see of a span, after the formatting is taken out. */
function shown({ text, look }: Span): string {
  if (look === "pre") return text.split("\n").map(clean).join("\n");
  return look === "code" ? clean(text) : defuse(clean(text));
}

export function plain(text: string): Span {
  return { text, look: "plain" };
}

export function bold(text: string): Span {
  return { text, look: "bold" };
}

/** A line end, which no text of a span becomes. */
export const LINE_END = Symbol("line end");
export type Piece = Span | typeof LINE_END;

export function lengthOf(pieces: readonly Piece[]): number {
  return withFewEntities(pieces).reduce((sum, piece) => sum + shown(piece).length, 0);
}

/** Beyond what Telegram shows formatted, everything is plain, and so made harmless as plain text is. */
function withFewEntities(pieces: readonly Piece[]): Span[] {
  let entities = 0;
  return pieces.map((piece) => {
    if (piece === LINE_END) return { text: "\n", look: "pre" };
    if (piece.look !== "plain") entities += 1;
    return entities > MOST_ENTITIES ? { text: piece.text, look: "plain" } : piece;
  });
}

/** Telegram's HTML of at most `limit` UTF-16 units after its tags and references are taken out; `…` where something is missing. */
export function toHtml(pieces: readonly Piece[], limit: number): string {
  const html: string[] = [];
  let left = lengthOf(pieces) <= limit ? Number.POSITIVE_INFINITY : limit - 1;
  for (const span of withFewEntities(pieces)) {
    const whole = shown(span);
    const text = whole.length <= left ? whole : cut(whole, left);
    html.push(whole === "\n" ? text : tagged(text, span.look));
    left -= whole.length;
    if (text.length < whole.length || left < 0) return `${html.join("")}…`;
  }
  return html.join("");
}

/** One line without any formatting, for places where Telegram searches for nothing. */
export function toPlainText(pieces: readonly Piece[]): string {
  return pieces.map((piece) => (piece === LINE_END ? "\n" : piece.text.split("\n").map(clean).join("\n"))).join("");
}

function tagged(text: string, look: Span["look"]): string {
  if (look === "plain" || text === "") return escapeHtml(text);
  return `<${TAGS[look]}>${escapeHtml(text)}</${TAGS[look]}>`;
}

/** The longest start of `text` that ends between two characters as people count them and has at most `limit` UTF-16 units. */
export function cut(text: string, limit: number): string {
  let end = 0;
  // A little more than fits is enough to see where the last character ends.
  for (const { index, segment } of graphemes.segment(text.slice(0, limit + 1))) {
    if (index + segment.length > limit) break;
    end = index + segment.length;
  }
  return text.slice(0, end);
}

/** Of at most `limit` UTF-16 units, with `…` at its end when something is missing. */
export function shorten(text: string, limit: number): string {
  return text.length <= limit ? text : `${cut(text, limit - 1)}…`;
}
