import type { RawFile } from "discord.js";
import {
  type APIActionRowComponent,
  type APIButtonComponentWithCustomId,
  type APIEmbed,
  ButtonStyle,
  ComponentType,
} from "discord.js";
import type { Action, Tone } from "../../core/message.ts";
import { buttonsOf, type ChatMessage } from "../channel.ts";
import { type Outline, outline, plainText } from "../shape/outline.ts";
import { cut, words } from "../shape/plain-text.ts";
import { fitsAsText, markup, type Section, sectionOf } from "./blocks.ts";

/** Source: Discord API, "Embed Limits" and "Button Structure". The title is a message's text, where there is room for its markup. */
const MAX = { title: 256, description: 4096, label: 80 };
const PER_ROW = 5;
const ROWS = 5;
/** Below the 10 MiB that any server allows. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

const COLOURS: Readonly<Record<Tone, number>> = {
  plain: 0x8a93a3,
  progress: 0x3b82f6,
  good: 0x3ba55d,
  bad: 0xe5484d,
  question: 0xf0a92e,
};
const STYLES: Readonly<Record<Action["tone"], APIButtonComponentWithCustomId["style"]>> = {
  plain: ButtonStyle.Secondary,
  good: ButtonStyle.Success,
  danger: ButtonStyle.Danger,
};

type ButtonRow = APIActionRowComponent<APIButtonComponentWithCustomId>;

/** What Discord shows of a message. */
export interface Composed {
  /** Never empty. At most 300 characters. */
  readonly content: string;
  /** At most one. */
  readonly embeds: readonly APIEmbed[];
  readonly components: readonly ButtonRow[];
  readonly files: readonly RawFile[];
}

/**
 * Any message as a line of text, one embed with the rest, and its buttons, within Discord's limits: what does not fit is in a file. The
 * title is the text, because a notification shows nothing else.
 */
export function compose(message: ChatMessage): Composed {
  const whole = outline(message);
  const { description, isCut } = joined(whole.parts.map(sectionOf));
  const title = markup(whole.title, MAX.title);
  return {
    content: whole.mark === null ? title.text : `${whole.mark} ${title.text}`,
    // No fields: phones show the name and the value of each below each other, so that all take twice as many lines.
    embeds: description === "" ? [] : [{ color: COLOURS[message.tone], description }],
    components: buttonRows(message),
    files: filesOf(whole, isCut || title.isCut),
  };
}

/** As many whole lines as there is room for. */
function joined(sections: readonly Section[]): { description: string; isCut: boolean } {
  let description = "";
  for (const { lines } of sections) {
    for (const [index, line] of lines.entries()) {
      const gap = description === "" ? "" : index === 0 ? "\n\n" : "\n";
      if (description.length + gap.length + line.length + 2 > MAX.description) {
        return { description: `${description}\n…`, isCut: true };
      }
      description += gap + line;
    }
  }
  return { description, isCut: sections.some(({ isCut }) => isCut) };
}

function buttonRows(message: ChatMessage): ButtonRow[] {
  const buttons = buttonsOf(message)
    .slice(0, PER_ROW * ROWS)
    .map(
      ({ action, press }): APIButtonComponentWithCustomId => ({
        type: ComponentType.Button,
        style: STYLES[action.tone],
        // Buttons know no markup, so nothing needs escaping.
        label: cut(words(action.label), MAX.label),
        custom_id: press,
      }),
    );
  return Array.from({ length: Math.ceil(buttons.length / PER_ROW) }, (_, row) => ({
    type: ComponentType.ActionRow,
    components: buttons.slice(row * PER_ROW, (row + 1) * PER_ROW),
  }));
}

/** Long logs have a file of their own. */
function filesOf(content: Outline, isCut: boolean): RawFile[] {
  const logs = content.parts.filter((part) => part.type === "log").filter((part) => !fitsAsText(part));
  const files = logs.length === 0 ? [] : [textFile("log.txt", logs.map(({ lines }) => lines.join("\n")).join("\n\n"))];
  const rest = { ...content, parts: content.parts.filter(fitsAsText) };
  return isCut ? [...files, textFile("message.txt", plainText(rest))] : files;
}

function textFile(name: string, text: string): RawFile {
  const bytes = Buffer.from(`${text}\n`, "utf8");
  const kept = bytes.subarray(Math.max(0, bytes.length - MAX_FILE_BYTES));
  return { name, data: kept, contentType: "text/plain; charset=utf-8" };
}
