import { expect, test } from "vitest";
import { whyNoTelegramPerson } from "../../src/core/people-ids.ts";

test.each(["1", "7", "5000000000", "9".repeat(16)])("%s may be somebody in Telegram", (id) => {
  expect(whyNoTelegramPerson(id)).toBe(null);
});

test.each([
  ["777000", /Telegram itself/],
  ["1087968824", /Telegram itself/],
  ["136817688", /Telegram itself/],
  ["-5", /not a group/],
  ["-1001234567890", /not a group/],
  ["", /numeric id/],
  ["0", /numeric id/],
  ["07", /numeric id/],
  ["a7", /numeric id/],
  ["7-", /numeric id/],
  ["@ada", /numeric id/],
  ["1".repeat(17), /numeric id/],
])("%j is nobody in Telegram", (id, why) => {
  expect(whyNoTelegramPerson(id)).toMatch(why);
});
