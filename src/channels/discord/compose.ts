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
import { fitsAsText, type Section, sectionOf } from "./blocks.ts";
import { escapeLine } from "./markdown.ts";
import { cleanLine, cleanLines, cut } from "./plain-text.ts";

/** Source: Discord API, "Embed Limits". The description gets less than its 4096, so that all parts stay below 6000 together. */
const MAX = { title: 256, description: 3400, fields: 25, fieldName: 128, fieldValue: 1000, allFields: 2300, label: 80 };
const PER_ROW = 5;
const ROWS = 5;
const SHORT = 28;
/** Below the 10 MiB that any server allows. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const NOTHING = "–";

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
  const { description, fields, isCut } = body(message.blocks);
  const title = escapeLine(message.title);
  const embed: APIEmbed = { title: cut(title, MAX.title) || NOTHING, color: COLOURS[message.tone] };
  if (description !== "") embed.description = description;
  if (fields.length > 0) embed.fields = fields;
  return {
    embeds: [embed],
    components: buttonRows(message),
    files: filesOf(message, isCut || title.length > MAX.title),
  };
}

function body(blocks: readonly Block[]): { description: string; fields: Fields; isCut: boolean } {
  const last = blocks.at(-1);
  const { fields, isCut: fieldsCut } = last?.type === "fields" ? fieldsOf(last) : { fields: [], isCut: false };
  const sections = (last?.type === "fields" ? blocks.slice(0, -1) : blocks).map(sectionOf);
  const { description, isCut } = joined(sections);
  return { description, fields, isCut: isCut || fieldsCut || sections.some((section) => section.isCut) };
}

/** Discord shows fields below everything else, so only a last block can be made of them. */
function fieldsOf(block: Extract<Block, { type: "fields" }>): { fields: Fields; isCut: boolean } {
  const fields: Fields = [];
  let room = MAX.allFields;
  let isCut = block.fields.length > MAX.fields;
  for (const { name, value } of block.fields.slice(0, MAX.fields)) {
    const [escapedName, escapedValue] = [escapeLine(name), escapeLine(value)];
    const field = {
      name: cut(escapedName, MAX.fieldName) || NOTHING,
      value: cut(escapedValue, MAX.fieldValue) || NOTHING,
      inline: escapedName.length <= SHORT && escapedValue.length <= SHORT,
    };
    room -= field.name.length + field.value.length;
    if (room < 0) return { fields, isCut: true };
    isCut ||= escapedName.length > MAX.fieldName || escapedValue.length > MAX.fieldValue;
    fields.push(field);
  }
  return { fields, isCut };
}

/** As many whole pieces as there is room for. */
function joined(sections: readonly Section[]): { description: string; isCut: boolean } {
  let description = "";
  for (const { pieces } of sections) {
    for (const [index, piece] of pieces.entries()) {
      const gap = description === "" ? "" : index === 0 ? "\n\n" : "\n";
      if (description.length + gap.length + piece.length + 2 > MAX.description) {
        return { description: `${description}\n…`, isCut: true };
      }
      description += gap + piece;
    }
  }
  return { description, isCut: false };
}

function buttonRows(message: ChatMessage): ButtonRow[] {
  const buttons = buttonsOf(message)
    .slice(0, PER_ROW * ROWS)
    .map(
      ({ action, press }): APIButtonComponentWithCustomId => ({
        type: ComponentType.Button,
        style: STYLES[action.tone],
        label: buttonLabel(action.label),
        custom_id: press,
      }),
    );
  return Array.from({ length: Math.ceil(buttons.length / PER_ROW) }, (_, row) => ({
    type: ComponentType.ActionRow,
    components: buttons.slice(row * PER_ROW, (row + 1) * PER_ROW),
  }));
}

/** Buttons know no markup, so nothing needs escaping. */
function buttonLabel(label: string): string {
  return cut(cleanLine(label), MAX.label) || NOTHING;
}

function filesOf(message: ChatMessage, isCut: boolean): RawFile[] {
  const logs = message.blocks.filter((block) => block.type === "log").filter((block) => !fitsAsText(block.lines));
  const files = logs.length === 0 ? [] : [textFile("log.txt", logs.map((log) => log.lines.join("\n")).join("\n\n"))];
  return isCut ? [...files, textFile("message.txt", wholeText(message))] : files;
}

function textFile(name: string, text: string): RawFile {
  const bytes = Buffer.from(`${text.toWellFormed()}\n`, "utf8");
  const kept = bytes.subarray(Math.max(0, bytes.length - MAX_FILE_BYTES));
  return { name, data: kept, contentType: "text/plain; charset=utf-8" };
}

/** Everything but long logs, which have a file of their own. */
function wholeText({ title, blocks }: ChatMessage): string {
  const others = blocks.filter((block) => block.type !== "log" || fitsAsText(block.lines));
  return [cleanLine(title), ...others.map(blockText)].join("\n\n");
}

function blockText(block: Block): string {
  switch (block.type) {
    case "text":
      return cleanLines(block.text);
    case "fields":
      return block.fields.map(({ name, value }) => `${cleanLine(name)}: ${cleanLine(value)}`).join("\n");
    case "table":
      return [block.head, ...block.rows].map((row) => row.map(cleanLine).join(" | ")).join("\n");
    case "bar":
      return `${block.done}/${block.total} ${cleanLine(block.note)}`;
    case "steps":
      return block.steps
        .map(({ title, time, detail }) =>
          [title, time, detail].flatMap((part) => (part === null ? [] : [cleanLine(part)])).join(" · "),
        )
        .join("\n");
    case "list":
      return [block.title, ...block.items].map(cleanLine).join("\n");
    case "log":
      return block.lines.join("\n");
  }
}
