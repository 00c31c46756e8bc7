import type { Action, Block, Message, StepLine, TextPart, Tone } from "../../core/message.ts";
import { barWords, timeWords } from "../render/chat.ts";
import { type Look, type Mark, mark, styled } from "./look.ts";
import { paintFields, paintTable } from "./paint-table.ts";
import { cells, clean, padEnd, truncate, wrap } from "./text-width.ts";

const INDENT = "  ";
const WIDEST_BAR = 30;
const TONE_MARKS: Readonly<Partial<Record<Tone, Mark>>> = { good: "done", bad: "failed", question: "question" };

/** The lines of a message, without line ends. None is wider than the terminal, except log lines, which are kept as they are. */
export function paint(content: Message, look: Look): string[] {
  const toneMark = TONE_MARKS[content.tone];
  const lead = toneMark === undefined ? "" : `${mark(look, toneMark)} `;
  const [first = "", ...rest] = wrap(clean(content.title), look.columns - (lead === "" ? 0 : 2));
  return [
    lead + styled(look, "bold", first),
    ...rest.map((line) => (lead === "" ? "" : INDENT) + styled(look, "bold", line)),
    ...content.blocks.flatMap((block) => paintBlock(block, look)).map((line) => INDENT + line),
    ...paintActions(content.actions, look).map((line) => INDENT + line),
  ];
}

/** What can be typed; buttons that are no commands have no meaning here. */
function paintActions(actions: readonly Action[], look: Look): string[] {
  const narrower = { ...look, columns: Math.max(10, look.columns - INDENT.length) };
  return actions.flatMap(({ does }) =>
    does.type === "command" ? hanging("→ ", clean(does.line), narrower, "cyan") : [],
  );
}

function paintBlock(block: Block, outer: Look): string[] {
  const look = { ...outer, columns: Math.max(10, outer.columns - INDENT.length) };
  switch (block.type) {
    case "text":
      return wrap(clean(typeof block.text === "string" ? block.text : block.text.map(partText).join("")), look.columns);
    case "fields":
      return paintFields(block.fields, look);
    case "table":
      return paintTable(block.head, block.rows, look);
    case "bar":
      return [paintBar(block, look)];
    case "steps":
      return paintSteps(block.steps, look);
    case "list":
      return [`${clean(block.title)}:`, ...block.items.flatMap((item) => hanging("- ", clean(item), look))];
    case "log":
      return block.lines.map((line) => styled(look, "dim", "│ ") + clean(line));
  }
}

function partText(part: TextPart): string {
  if (typeof part === "string") return part;
  return "atMs" in part ? timeWords(part.atMs) : part.place.chat;
}

function hanging(lead: string, text: string, look: Look, style?: "cyan"): string[] {
  const shown = (line: string) => (style === undefined ? line : styled(look, style, line));
  return wrap(text, look.columns - lead.length).map(
    (line, index) => (index === 0 ? lead : " ".repeat(lead.length)) + shown(line),
  );
}

function paintBar(bar: Extract<Block, { type: "bar" }>, look: Look): string {
  const note = clean(barWords(bar));
  const width = Math.min(WIDEST_BAR, look.columns - cells(note) - 2);
  if (width < 5) return truncate(note, look.columns);
  const full = bar.total === 0 ? 0 : Math.round((Math.min(bar.done, bar.total) / bar.total) * width);
  return `${styled(look, "green", "━".repeat(full))}${styled(look, "dim", "─".repeat(width - full))}  ${note}`;
}

export function paintSteps(steps: readonly StepLine[], look: Look): string[] {
  const longest = Math.max(0, ...steps.map((step) => cells(clean(step.title))));
  // At least "10 min 5 s", so that the column does not jump while times grow.
  const times = Math.max(10, ...steps.map((step) => cells(clean(step.time ?? ""))));
  const titleWidth = Math.min(longest, Math.max(10, look.columns - "✓ ".length - "  ".length - times));
  return steps.flatMap((step) => paintStep(step, titleWidth, look));
}

function paintStep(step: StepLine, titleWidth: number, look: Look): string[] {
  const title = padEnd(truncate(clean(step.title), titleWidth), titleWidth);
  const line = `${mark(look, step.mark)} ${step.mark === "pending" ? styled(look, "dim", title.trimEnd()) : title}`;
  const timed = step.time === null ? line.trimEnd() : `${line}  ${styled(look, "dim", clean(step.time))}`;
  if (step.detail === null || step.mark !== "running") return [timed];
  const detail = truncate(clean(step.detail), look.columns - INDENT.length);
  return [timed, INDENT + styled(look, "dim", detail)];
}
