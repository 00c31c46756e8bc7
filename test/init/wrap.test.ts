import fc from "fast-check";
import { expect, it } from "vitest";
import { wrap } from "../../src/init/wrap.ts";

it("breaks lines between words and keeps what fits", () => {
  expect(wrap("one two three four\nfive", 9)).toBe("one two\nthree\nfour\nfive");
  expect(wrap("  one two three", 9)).toBe("  one two\n  three");
  expect(wrap("see https://example.net/long here", 10)).toBe("see\nhttps://example.net/long\nhere");
  expect(wrap("\na  b\n", 10)).toBe("\na  b\n");
});

it("loses no word, and only words of their own are too long", () => {
  const text = fc.array(fc.stringMatching(/^[a-z:/]{1,15}$/), { maxLength: 20 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 30 }), (given, columns) => {
      const lines = wrap(given, columns).split("\n");
      expect(lines.join(" ")).toBe(given);
      expect(lines.filter((line) => line.length > columns && line.includes(" "))).toEqual([]);
    }),
  );
});
