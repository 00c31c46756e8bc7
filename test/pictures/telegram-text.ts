import type { Entity } from "../fixtures/telegram/html.ts";
import { escapeHtml } from "./html.ts";

const TAGS: Readonly<Record<string, string>> = { bold: "b", italic: "i", code: "code", pre: "pre", bot_command: "a" };

/** A text with its formatting as HTML; what is formatted may overlap. @throws Error for formatting that no picture has needed so far */
export function telegramText(text: string, entities: readonly Entity[]): string {
  const edges = new Set([0, text.length, ...entities.flatMap(({ offset, length }) => [offset, offset + length])]);
  const cuts = [...edges].sort((one, other) => one - other);
  return cuts
    .slice(1)
    .map((end, index) => {
      const start = cuts[index] ?? 0;
      const around = entities.filter(({ offset, length }) => offset <= start && end <= offset + length).map(tagOf);
      return around.reduceRight((inside, tag) => `<${tag}>${inside}</${tag}>`, escapeHtml(text.slice(start, end)));
    })
    .join("");
}

function tagOf({ type }: Entity): string {
  const tag = TAGS[type];
  if (tag === undefined) throw new Error(`no picture of ${type} yet`);
  return tag;
}
