import fc from "fast-check";
import type { ChatMessage } from "../../../src/channels/channel.ts";
import type { Action, Block } from "../../../src/core/message.ts";

/** Pieces that mean something to Telegram, HTML or a terminal, and whatever else there is in Unicode. */
const nasty = fc.constantFrom(
  ...[
    "@",
    "#",
    "$",
    "/",
    "://",
    ".",
    "&",
    "<",
    ">",
    "</b>",
    "<b>",
    '"',
    "&lt",
    "&#64;",
    "`",
    "_",
    "\\",
    ":",
    "+",
    "-",
    "|",
    "~",
  ],
  ...[
    "@everyone",
    "@ada_l",
    "http://",
    "https://evil.example.com/x",
    "example.com",
    "t.me/x",
    "tg://user?id=1",
    "a@b.co",
  ],
  ...[
    "/destroy",
    "/start@other_bot",
    "#tag",
    "$USD",
    "+12125550123",
    "4111 1111 1111 1111",
    "10.0.0.1:8080",
    "1.5",
    "2026.9.6",
  ],
  ...[
    "\u202e",
    "\u200b",
    "\u2060",
    "\u200d",
    "\u0000",
    "\r\n",
    "\n",
    "\t",
    " ",
    "\ud800",
    "\udc00",
    "\u001b[31m",
    "👩‍👩‍👧‍👦",
    "é",
    "e\u0301",
    "مرحبا",
    "字",
  ],
);

/** Any string, often built from the pieces above without anything between them. */
export const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.array(nasty, { maxLength: 12 }).map((parts) => parts.join("")),
  fc.array(fc.oneof(nasty, fc.string({ maxLength: 4 })), { maxLength: 12 }).map((parts) => parts.join("")),
);
const longText = fc
  .tuple(anyText, fc.integer({ min: 0, max: 900 }))
  .map(([text, times]) => text.repeat(times).slice(0, 9_000));
const someText = fc.oneof({ weight: 8, arbitrary: anyText }, { weight: 1, arbitrary: longText });

const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ type: fc.constant("text" as const), text: someText }),
  fc.record({
    type: fc.constant("fields" as const),
    fields: fc.array(fc.record({ name: anyText, value: someText }), { minLength: 1, maxLength: 60 }),
  }),
  fc.integer({ min: 1, max: 4 }).chain((columns) => {
    const row = fc.array(anyText, { minLength: columns, maxLength: columns });
    return fc.record({
      type: fc.constant("table" as const),
      head: row,
      rows: fc.array(row, { minLength: 1, maxLength: 120 }),
    });
  }),
  fc.record({ type: fc.constant("bar" as const), done: fc.integer(), total: fc.integer(), note: anyText }),
  fc.record({
    type: fc.constant("steps" as const),
    steps: fc.array(
      fc.record({
        mark: fc.constantFrom("pending" as const, "running" as const, "done" as const, "failed" as const),
        title: anyText,
        time: fc.option(anyText),
        detail: fc.option(anyText),
      }),
      { minLength: 1, maxLength: 30 },
    ),
  }),
  fc.record({
    type: fc.constant("list" as const),
    title: anyText,
    items: fc.array(anyText, { minLength: 1, maxLength: 30 }),
  }),
  fc.record({ type: fc.constant("log" as const), lines: fc.array(someText, { minLength: 1, maxLength: 40 }) }),
);

const action: fc.Arbitrary<Action> = fc.record({
  label: someText,
  tone: fc.constantFrom("plain" as const, "good" as const, "danger" as const),
  does: fc.record({ type: fc.constant("command" as const), line: anyText }),
});

export const anyMessage: fc.Arbitrary<ChatMessage> = fc
  .record({
    title: someText,
    tone: fc.constantFrom("plain" as const, "progress" as const, "good" as const, "bad" as const, "question" as const),
    blocks: fc.array(block, { maxLength: 5 }),
    actions: fc.array(action, { maxLength: 25 }),
    private: fc.boolean(),
  })
  .map((message) => ({ ...message, presses: message.actions.map((_, index) => `c:/help ${index}`) }));
