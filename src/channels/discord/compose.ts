import type { RawFile } from "discord.js";
import {
  type APIActionRowComponent,
  type APIButtonComponentWithCustomId,
  type APIEmbed,
  ButtonStyle,
  ComponentType,
} from "discord.js";
import { buttonsOf, type ChatMessage } from "../channel.ts";
import type { Action, Block, Tone } from "../message.ts";
import { type Outline, outline, plainText } from "../shape/outline.ts";
import { cut, words } from "../shape/plain-text.ts";
import { fitsAsText, type Section, sectionOf } from "./blocks.ts";
import { escapeMarkup } from "./markdown.ts";

/** Source: Discord API, "Embed Limits". The description gets less than its 4096, so that all parts stay below 6000 together. */
const MAX = { title: 256, description: 3400, fields: 25, fieldName: 128, fieldValue: 1000, allFields: 2300, label: 80 };
const PER_ROW = 5;
const ROWS = 5;
const SHORT = 28;
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
type Fields = NonNullable<APIEmbed["fields"]>;

/** What Discord shows of a message. */
export interface Composed {
  readonly embeds: readonly APIEmbed[];
  readonly components: readonly ButtonRow[];
  readonly files: readonly RawFile[];
}

/** Any message as one embed and its buttons, within Discord's limits: what does not fit is in a file. */
export function compose(message: ChatMessage): Composed {
  const last = message.blocks.at(-1);
  const { fields, isCut: fieldsCut } = last?.type === "fields" ? fieldsOf(last) : { fields: [], isCut: false };
  const above = outline(last?.type === "fields" ? { ...message, blocks: message.blocks.slice(0, -1) } : message);
  const { description, isCut } = joined(above.parts.map(sectionOf));
  const title = escapeMarkup(above.title);
  const embed: APIEmbed = { title: cut(title, MAX.title), color: COLOURS[message.tone] };
  if (description !== "") embed.description = description;
  if (fields.length > 0) embed.fields = fields;
  const isLossy = isCut || fieldsCut || title.length > MAX.title;
  return { embeds: [embed], components: buttonRows(message), files: filesOf(outline(message), isLossy) };
}

/** Discord shows fields below everything else, so only a last block can be made of them. */
function fieldsOf(block: Extract<Block, { type: "fields" }>): { fields: Fields; isCut: boolean } {
  const fields: Fields = [];
  let room = MAX.allFields;
  let isCut = block.fields.length > MAX.fields;
  for (const { name, value } of block.fields.slice(0, MAX.fields)) {
    const [escapedName, escapedValue] = [escapeMarkup(words(name)), escapeMarkup(words(value))];
    const field = {
      name: cut(escapedName, MAX.fieldName),
      value: cut(escapedValue, MAX.fieldValue),
      inline: escapedName.length <= SHORT && escapedValue.length <= SHORT,
    };
    room -= field.name.length + field.value.length;
    if (room < 0) return { fields, isCut: true };
    isCut ||= escapedName.length > MAX.fieldName || escapedValue.length > MAX.fieldValue;
    fields.push(field);
  }
  return { fields, isCut };
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
