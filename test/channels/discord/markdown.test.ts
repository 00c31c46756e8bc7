import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bold, codeBlock, escapeMarkup, inlineCode } from "../../../src/channels/discord/markdown.ts";
import { cleanLine, cleanLines, cleanLogLine, cut } from "../../../src/channels/shape/plain-text.ts";
import { anyText, nasty } from "./any-message.ts";
import { shown } from "./shown.ts";

describe("escaping", () => {
  test.each(nasty)("shows %j as it is", (text) => {
    expect(shown(escapeMarkup(cleanLines(text)))).toEqual({ text: cleanLines(text), markup: [] });
  });

  test("any text is shown as it is and formats nothing", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(shown(escapeMarkup(cleanLines(text)))).toEqual({ text: cleanLines(text), markup: [] });
        expect(shown(escapeMarkup(cleanLine(text)))).toEqual({ text: cleanLine(text), markup: [] });
      }),
      { numRuns: 2000 },
    );
  });

  test("any text stays inside its bold or code block", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const escaped = escapeMarkup(cleanLine(text));
        fc.pre(escaped !== "");
        expect(shown(`${bold(escaped)} after`).markup).toEqual([]);
        const clean = cleanLogLine(text);
        const block = shown(`${codeBlock([clean])}**after**`);
        expect(block.markup).toEqual([]);
        expect(block.text).toMatch(/after$/);
        expect(block.text.replace(/\n?after$/, "")).toBe(clean);
        fc.pre(clean !== "");
        expect(shown(`${inlineCode(clean)} after`)).toEqual({ text: `${clean} after`, markup: [] });
      }),
      { numRuns: 1000 },
    );
  });
});

test("any escaped text can be cut anywhere", () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 80 }), (text, limit) => {
      const result = cut(escapeMarkup(cleanLine(text)), limit);
      expect(result.length).toBeLessThanOrEqual(limit);
      expect(result.isWellFormed()).toBe(true);
      expect(shown(`${result}*`).markup).toEqual(["*"]);
    }),
    { numRuns: 2000 },
  );
});
