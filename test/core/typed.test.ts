import fc from "fast-check";
import { expect, test } from "vitest";
import { visible } from "../../src/core/typed.ts";

test.each([
  ["\u2060ada\u2060", "ada"],
  ["\ufeff/status", "/status"],
  ["123\u200b456\u200d789\u00ad0", "1234567890"],
  ["a\u202ed\u2066a", "ada"],
  ["\u3164ada\ufe0f\u{e0061}", "ada"],
  ["/logs\u00a0ada\u30005", "/logs ada 5"],
  ["/status\u2028/help\u2029x\u0085y\vz\fw\rv\nu", "/status /help x y z w v u"],
  ["\x1b[31mada\x1b[0m\x1b]0;title\x07\x9b1m", "ada"],
  ["\x1b(Bada\x1bc\x1b #8", "ada"],
  ["\x1b]0;never closed", ""],
  ["a\x00d\x07a\x7f", "ada"],
  ["日本 ädä", "日本 ädä"],
])("%j is meant as %j", (typed, meant) => {
  expect(visible(typed)).toBe(meant);
});

test("nothing invisible is left of anything, and doing it again changes nothing", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (typed) => {
      const seen = visible(typed);
      expect(seen).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u);
      expect(visible(seen)).toBe(seen);
    }),
    { numRuns: 1000 },
  );
});

test("takes no longer than the text is long", { timeout: 120_000 }, () => {
  // Seconds, and more of them on a busy machine; quadratic patterns would take many minutes.
  for (const piece of ["\x1b]", "\x1b[", " ", "\u2060", "\x1b[0", "\x9d"]) visible(piece.repeat(200_000));
});
