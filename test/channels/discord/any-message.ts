import fc from "fast-check";
import type { ChatMessage } from "../../../src/channels/channel.ts";
import type { Block } from "../../../src/core/message.ts";
import { button } from "./make.ts";

/** Everything Discord would format, link, or notify somebody for. */
export const nasty = [
  "@everyone",
  "@here",
  "<@123456789012345678>",
  "<@!123456789012345678>",
  "<@&123456789012345678>",
  "<#123456789012345678>",
  "<:party:123456789012345678>",
  "<a:party:123456789012345678>",
  "<t:1700000000:R>",
  "</deploy:123456789012345678>",
  "<https://example.com>",
  "[click](https://example.com)",
  "https://example.com/a_b_c",
  "HTTP://EXAMPLE.COM",
  "**bold** *it* __under__ ~~gone~~ ||spoiler||",
  "`code` ``code`` ```js\ncode\n```",
  "# Heading",
  "-# small",
  "> quote",
  ">>> quotes",
  "- item",
  "  + item",
  "* item",
  "1. one",
  "  12) twelve",
  ":tada:",
  "\\*already\\*",
  "\\\\",
];
export const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ unit: "grapheme", maxLength: 60 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(...nasty),
        fc.string({ maxLength: 6 }),
        fc.constantFrom("\n", "\r\n", " ", "\\", "\ud800", "\u202e", "\u200d"),
      ),
    )
    .map((parts) => parts.join("")),
);

const longText = fc
  .tuple(anyText, fc.integer({ min: 1, max: 400 }))
  .map(([text, times]) => text.repeat(times).slice(0, 10_000));
const text = fc.oneof({ weight: 5, arbitrary: anyText }, { weight: 1, arbitrary: longText });
const maybe = fc.option(text);
const list = fc.array(text, { maxLength: 40 });
const amount = fc.integer({ min: -5, max: 200 });

const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ type: fc.constant("text" as const), text }),
  fc.record({
    type: fc.constant("fields" as const),
    fields: fc.array(fc.record({ name: text, value: text }), { maxLength: 30 }),
  }),
  fc.integer({ min: 1, max: 6 }).chain((width) => {
    const row = fc.array(text, { minLength: width, maxLength: width });
    return fc.record({ type: fc.constant("table" as const), head: row, rows: fc.array(row, { maxLength: 30 }) });
  }),
  fc.record({ type: fc.constant("bar" as const), done: amount, total: amount, note: text }),
  fc.record({
    type: fc.constant("steps" as const),
    steps: fc.array(
      fc.record({
        mark: fc.constantFrom("pending" as const, "running" as const, "done" as const, "failed" as const),
        title: text,
        time: maybe,
        detail: maybe,
      }),
      { maxLength: 30 },
    ),
  }),
  fc.record({ type: fc.constant("list" as const), title: text, items: list }),
  fc.record({ type: fc.constant("log" as const), lines: list }),
);

const labels = fc.array(fc.tuple(text, fc.constantFrom("plain" as const, "good" as const, "danger" as const)), {
  maxLength: 12,
});

/** Any strings in any part of a message. */
export const anyMessage: fc.Arbitrary<ChatMessage> = fc
  .record({
    title: text,
    tone: fc.constantFrom("plain", "progress", "good", "bad", "question"),
    blocks: fc.array(block, { maxLength: 6 }),
    labels,
    private: fc.boolean(),
  })
  .map(({ labels: all, ...message }) => ({
    ...message,
    actions: all.map(([label, tone]) => button(label, tone)),
    presses: all.map((_, index) => `c:/status ${index}`),
  }));
