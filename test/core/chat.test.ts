import { expect, test } from "vitest";
import { isPlace } from "../../src/core/chat.ts";

const place = { channel: "telegram", chat: "-100", topic: "5" };

test.each([place, { ...place, topic: null }, { ...place, channel: "discord" }, { ...place, more: 1 }])(
  "%j is a place",
  (value) => {
    expect(isPlace(value)).toBe(true);
  },
);

test.each([
  ...[null, undefined, "telegram", [], {}, { ...place, channel: "terminal" }, { ...place, chat: -100 }],
  ...[
    { ...place, topic: 5 },
    { channel: "telegram", chat: "1" },
  ],
])("%j is none", (value) => {
  expect(isPlace(value)).toBe(false);
});
