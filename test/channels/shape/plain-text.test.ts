import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  cleanLine,
  cleanLines,
  cleanLogLine,
  cut,
  lastLines,
  startOf,
  words,
} from "../../../src/channels/shape/plain-text.ts";

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        "\u001b[31m",
        "\ud83d",
        "\ude00",
        "\u202e",
        "\u0301",
        "👩‍👩‍👧",
        "e\u0301",
        "\r\n",
        "\t",
        " ",
        "a",
      ),
    )
    .map((parts) => parts.join("")),
);

describe("cleaning", () => {
  test("leaves out what cannot be seen, turns text around or towers over it", () => {
    expect(cleanLine("a\r\nb\u001b[31m\u202ec\ud800d\u200be\u0000\ufeff")).toBe("a bcde");
    expect(cleanLine("👩‍👩‍👧 e\u0301")).toBe("👩‍👩‍👧 e\u0301");
    expect(cleanLine(`z${"\u0321".repeat(50)}`)).toHaveLength(5);
  });

  test("keeps lines where there may be some, and the spaces of a log", () => {
    expect(cleanLines("\n one\r\n\n\n\ntwo\u2028three \n")).toBe(" one\n\ntwo\nthree");
    expect(cleanLogLine("\tat  x\r\ny ")).toBe("  at  x y");
  });

  test("any text comes out well formed, without control characters, and the same when cleaned again", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const clean of [cleanLine, cleanLines, cleanLogLine]) {
          const result = clean(text);
          expect(result).not.toMatch(/[\p{Cs}\u200b\u202a-\u202e\u2066-\u2069]|[^\P{Cc}\n]/u);
          expect(clean(result)).toBe(result);
        }
        expect(words(text)).toMatch(/^\S(?:[^\n]*\S)?$/u);
      }),
      { numRuns: 2000 },
    );
  });

  test("says so where nothing can be seen", () => {
    expect(["", " \n", "\u3164", "\u0301"].map(words)).toEqual(["–", "–", "–", "–"]);
  });
});

describe("cutting", () => {
  test("cuts between words and says so", () => {
    expect(cut("one two three", 10)).toBe("one two…");
    expect(cut("one two", 7)).toBe("one two");
  });

  test("keeps graphemes whole, but for one that is endless", () => {
    expect(cut("👩‍👩‍👧👩‍👩‍👧", 12)).toBe("👩‍👩‍👧…");
    expect(startOf("👩‍👩‍👧👩‍👩‍👧", 15)).toBe("👩‍👩‍👧");
    expect(cut(`e${"\u0301".repeat(10_000)}`, 100)).toHaveLength(100);
  });
});

describe("the end of a log", () => {
  test("is its newest lines, as many as there is room for", () => {
    expect(lastLines(["one", "two", "six"], 8)).toEqual(["two", "six"]);
    expect(lastLines(["one", "two", "six"], 7)).toEqual(["six"]);
    expect(lastLines(["one", "two", "six"], 100, 2)).toEqual(["two", "six"]);
    expect(lastLines(["one", "a line that is long"], 11)).toEqual(["a line…"]);
  });

  test("is nothing when nothing can be seen or there is no room", () => {
    expect(lastLines(["one", "", " "], 4)).toEqual([]);
    expect(lastLines(["one"], 0)).toEqual([]);
  });
});
