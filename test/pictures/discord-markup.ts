import { parse } from "discord-markdown-parser";
import { escapeHtml } from "./html.ts";

export interface Reader {
  readonly atMs: number;
  /** Names by id: of people, and of channels and threads. */
  readonly names: Readonly<Record<string, string>>;
}

type Node = ReturnType<typeof parse>[number];

/** Discord's markup as its clients show it. @throws Error for markup that no picture has needed so far */
export function discordMarkup(text: string, reader: Reader): string {
  return shown(parse(text, "extended"), reader);
}

function shown(nodes: string | readonly Node[], reader: Reader): string {
  return typeof nodes === "string" ? escapeHtml(nodes) : nodes.map((node) => shownNode(node, reader)).join("");
}

function shownNode(node: Node, reader: Reader): string {
  const inside = () => shown(node.content, reader);
  const named = (mark: string) => `<span class="mention">${mark}${escapeHtml(reader.names[node.id] ?? node.id)}</span>`;
  switch (node.type) {
    case "text":
      return inside();
    case "twemoji":
      return escapeHtml(node.name);
    case "br":
    case "newline":
      return "<br>";
    case "strong":
      return `<strong>${inside()}</strong>`;
    case "em":
      return `<em>${inside()}</em>`;
    case "inlineCode":
      return `<code>${inside()}</code>`;
    case "codeBlock":
      return `<pre>${inside()}</pre>`;
    case "user":
      return named("@");
    case "channel":
      return named("#");
    case "slashCommand":
      return `<span class="mention">/${escapeHtml(node.fullName)}</span>`;
    case "timestamp":
      return `<span class="time">${relative(Number(node.timestamp) * 1000, reader.atMs)}</span>`;
    default:
      throw new Error(`no picture of ${node.type} yet`);
  }
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;

function relative(ms: number, nowMs: number): string {
  const seconds = Math.round((ms - nowMs) / 1000);
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return new Intl.RelativeTimeFormat("en").format(Math.round(seconds / size), unit);
}
