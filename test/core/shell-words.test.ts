import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { shellWord } from "../../src/core/shell-words.ts";

test.each([
  ["/var/lib/creel_1:x@2.img", "/var/lib/creel_1:x@2.img"],
  ["--size=5%+1,2", "--size=5%+1,2"],
  ["", "''"],
  ["a b", "'a b'"],
  [" ", "' '"],
  ["$HOME", "'$HOME'"],
  ["a;", "'a;'"],
  [";a", "';a'"],
  ["it's", `'it'\\''s'`],
])("%j is the word %s", (argument, word) => {
  expect(shellWord(argument)).toBe(word);
});

test("a shell takes any words for what they are", () => {
  const words = fc.sample(fc.string({ unit: "grapheme-ascii" }), 200);
  const script = `printf '%s\\0' ${words.map(shellWord).join(" ")}`;
  expect(execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\0").slice(0, -1)).toEqual(words);
});
