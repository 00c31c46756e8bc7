import type { Line, Outline, Part } from "../shape/outline.ts";
import type { Piece } from "../shape/pieces.ts";
import { lastLines, startOf } from "../shape/plain-text.ts";
import { escapeHtml } from "./escape.ts";

/** In `code` and `pre` Telegram searches for nothing, so they can be copied as they are. */
type Look = "plain" | "strong" | "detail" | "code" | "pre" | "gap";

/** Harmless text in one look; only `pre` and `gap` have line ends in them. */
export interface Span {
  readonly text: string;
  readonly look: Look;
}

/** Telegram shows 100 entities of a message and forgets the others; a few are kept for a mention. */
const MOST_ENTITIES = 95;
const TAGS: Readonly<Record<Look, string | null>> = {
  ...{ plain: null, gap: null },
  ...{ strong: "b", detail: "i", code: "code", pre: "pre" },
};
const LINE_END: Span = { text: "\n", look: "gap" };
const EMPTY_LINE: Span = { text: "\n\n", look: "gap" };

/** `logRoom`: how many characters the lines of all logs may take, the newest first; null: as many as they need. */
export function spansOf({ mark, title, parts }: Outline, logRoom: number | null): Span[] {
  const logs = parts.filter(({ type }) => type === "log").length;
  const each = logRoom === null ? null : Math.floor(logRoom / Math.max(1, logs));
  const head: Span[] = [{ text: mark === null ? "" : `${mark} `, look: "plain" }, ...lineSpans(title)];
  const others = parts.map((part) => partSpans(part, each)).filter((spans) => spans.length > 0);
  return withFewEntities([...head, ...others.flatMap((spans) => [EMPTY_LINE, ...spans])]);
}

function partSpans(part: Part, logRoom: number | null): Span[] {
  if (part.type === "log") {
    const lines = logRoom === null ? part.lines : lastLines(part.lines, logRoom);
    return lines.length === 0 ? [] : [{ text: lines.join("\n"), look: "pre" }];
  }
  return part.lines.flatMap((line, index) => (index === 0 ? lineSpans(line) : [LINE_END, ...lineSpans(line)]));
}

/** What a chat has no look of its own for is copied. */
const LOOKS: Readonly<Record<Piece["look"], Look>> = {
  ...{ plain: "plain", strong: "strong", detail: "detail" },
  ...{ code: "code", time: "code", place: "code" },
};

function lineSpans(line: Line): Span[] {
  return line.map(({ text, look }) => ({ text, look: LOOKS[look] }));
}

/** What would be formatted beyond what Telegram shows is one block, so that nothing in it is searched for links. */
function withFewEntities(spans: readonly Span[]): Span[] {
  let entities = 0;
  const beyond = spans.findIndex(({ look }) => {
    if (TAGS[look] !== null) entities += 1;
    return entities > MOST_ENTITIES;
  });
  if (beyond < 0) return [...spans];
  const rest = spans.slice(beyond).map(({ text }) => text);
  return [...spans.slice(0, beyond), { text: rest.join(""), look: "pre" }];
}

export function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { text }) => sum + text.length, 0);
}

/** Telegram's HTML of at most `limit` UTF-16 units after its tags and references are taken out; `…` where something is missing. */
export function toHtml(spans: readonly Span[], limit: number): string {
  if (lengthOf(spans) <= limit) return spans.map(tagged).join("");
  const html: string[] = [];
  let left = limit - 1;
  for (const { text, look } of spans) {
    html.push(tagged({ text: startOf(text, Math.max(0, left)), look }));
    left -= text.length;
    if (left < 0) break;
  }
  return `${html.join("")}…`;
}

function tagged({ text, look }: Span): string {
  const tag = TAGS[look];
  return tag === null || text === "" ? escapeHtml(text) : `<${tag}>${escapeHtml(text)}</${tag}>`;
}
