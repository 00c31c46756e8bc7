import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bold, codeBlock, escapeLine, escapeLines } from "../../../src/channels/discord/markdown.ts";
import { cleanLine, cleanLines, cut } from "../../../src/channels/discord/plain-text.ts";
import { anyText, nasty } from "./any-message.ts";
import { shown } from "./shown.ts";

describe("escaping", () => {
  test.each(nasty)("shows %j as it is", (text) => {
    expect(shown(escapeLines(text))).toEqual({ text: cleanLines(text), markup: [] });
  });

  test("any text is shown as it is and formats nothing", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(shown(escapeLines(text))).toEqual({ text: cleanLines(text), markup: [] });
        expect(shown(escapeLine(text))).toEqual({ text: cleanLine(text), markup: [] });
      }),
      { numRuns: 2000 },
    );
  });

  test("any text stays inside its bold or code block", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const escaped = escapeLine(text);
        fc.pre(escaped !== "");
        expect(shown(`${bold(escaped)} after`).markup).toEqual([]);
        const block = shown(`${codeBlock([text.replaceAll("\u200b", "")])}**after**`);
        expect(block.markup).toEqual([]);
        expect(block.text.endsWith("\nafter")).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test("what cannot be seen is left out", () => {
    expect(escapeLine("a\u0007b\u202ec\u200bd\u001b[31me\ufeff")).toBe("abcde");
    expect(escapeLine("👩‍👩‍👧 family")).toBe("👩‍👩‍👧 family");
  });
});

describe("cutting", () => {
  test("cuts between words and says so", () => {
    expect(cut("one two three", 10)).toBe("one two…");
    expect(cut("one two", 7)).toBe("one two");
  });

  test("keeps graphemes and escapes whole, whatever the text", () => {
    expect(cut("👩‍👩‍👧👩‍👩‍👧", 12)).toBe("👩‍👩‍👧…");
    expect(cut(`e${"\u0301".repeat(10_000)}`, 100)).toHaveLength(100);
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 80 }), (text, limit) => {
        const result = cut(escapeLine(text), limit);
        expect(result.length).toBeLessThanOrEqual(limit);
        expect(result.isWellFormed()).toBe(true);
        expect(shown(`${result}*`).markup).toEqual(["*"]);
      }),
      { numRuns: 2000 },
    );
  });
});
