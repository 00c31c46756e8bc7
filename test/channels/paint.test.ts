import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { paint } from "../../src/channels/console/paint.ts";
import { cells, clean, truncate, wrap } from "../../src/channels/console/text-width.ts";
import { type Block, command, type Message } from "../../src/core/message.ts";

const text = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), fc.lorem({ maxCount: 12 }));
const commandText = fc.string({ minLength: 1, unit: "grapheme" });
const block: fc.Arbitrary<Block> = fc.oneof(
  fc.record({ type: fc.constant("text" as const), text }),
  fc.record({
    type: fc.constant("fields" as const),
    fields: fc.array(fc.record({ name: text, value: text }), { minLength: 1, maxLength: 4 }),
  }),
  fc.integer({ min: 1, max: 5 }).chain((width) =>
    fc.record({
      type: fc.constant("table" as const),
      head: fc.array(text, { minLength: width, maxLength: width }),
      rows: fc.array(fc.array(text, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 3 }),
    }),
  ),
  fc.record({
    type: fc.constant("bar" as const),
    done: fc.nat(9),
    total: fc.nat(9),
    note: fc.constantFrom("3 s", "2 min 10 s"),
  }),
  fc.record({
    type: fc.constant("steps" as const),
    steps: fc.array(
      fc.record({
        mark: fc.constantFrom("pending" as const, "running" as const, "done" as const, "failed" as const),
        title: text,
        time: fc.constantFrom(null, "0.3 s", "12 min 34 s"),
        detail: fc.option(text),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  }),
  fc.record({
    type: fc.constant("list" as const),
    title: fc.constant("What exists now"),
    items: fc.array(text, { minLength: 1, maxLength: 3 }),
  }),
);
const anyMessage: fc.Arbitrary<Message> = fc.record({
  title: text,
  tone: fc.constantFrom("plain" as const, "good" as const, "bad" as const, "question" as const),
  blocks: fc.array(block, { maxLength: 4 }),
  actions: fc.array(
    commandText.map((line) => command("Try it", line)),
    { maxLength: 3 },
  ),
  private: fc.boolean(),
});

describe("any message", () => {
  test("fits the terminal and cannot move its cursor", () => {
    fc.assert(
      fc.property(anyMessage, fc.integer({ min: 30, max: 120 }), (content, columns) => {
        for (const line of paint(content, { columns, color: false })) {
          expect(line).not.toMatch(/\p{Cc}/u);
          expect(cells(line)).toBeLessThanOrEqual(columns);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("reads the same in color", () => {
    fc.assert(
      fc.property(anyMessage, (content) => {
        const colored = paint(content, { columns: 60, color: true }).map((line) => stripVTControlCharacters(line));
        expect(colored).toEqual(paint(content, { columns: 60, color: false }));
      }),
      { numRuns: 100 },
    );
  });
});

describe("text", () => {
  test.each([
    ["plain", 5],
    ["日本語", 6],
    ["한글", 4],
    ["ｆｕｌｌ", 8],
    ["🦀", 2],
    ["👩‍👩‍👧‍👦", 2],
    ["❤️", 2],
    ["é", 1],
    ["e\u0301", 1],
    ["✓ ●", 3],
    ["3", 1],
  ])("%s takes %i cells", (content, width) => {
    expect(cells(content)).toBe(width);
  });

  test.each([
    ["\x1b[31mred\x1b[0m", "red"],
    ["\x1b]0;title\x07seen", "seen"],
    ["a\x07b\x00c\x9bd", "abcd"],
    ["one\r\ntwo\tthree", "one two three"],
    ["user\u202etxt.exe", "usertxt.exe"],
  ])("%j is harmless", (dirty, harmless) => {
    expect(clean(dirty)).toBe(harmless);
  });

  test("wrapping loses nothing but spaces and keeps to the width", () => {
    fc.assert(
      fc.property(text.map(clean), fc.integer({ min: 8, max: 40 }), (content, width) => {
        const lines = wrap(content, width);
        for (const line of lines) expect(cells(line)).toBeLessThanOrEqual(width);
        // What Unicode takes for the same counts as the same.
        const seen = (shown: string) => shown.normalize().replaceAll(/\s/gu, "");
        expect(seen(lines.join(""))).toBe(seen(content));
      }),
      { numRuns: 500 },
    );
  });

  test("cutting keeps to the width", () => {
    fc.assert(
      fc.property(text.map(clean), fc.nat(40), (content, width) => {
        expect(cells(truncate(content, width))).toBeLessThanOrEqual(width);
      }),
    );
    expect(truncate("日本語", 5)).toBe("日本…");
  });
});
