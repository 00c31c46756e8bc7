import { expect, test } from "vitest";
import { telegramText } from "./telegram-text.ts";

test("formatting becomes tags, and the text in it stays what it is", () => {
  const text = "Host <ada> at 10.99.0.2";
  const entities = [
    { type: "bold", offset: 0, length: 4 },
    { type: "code", offset: 14, length: 9 },
  ];
  expect(telegramText(text, entities)).toBe("<b>Host</b> &lt;ada&gt; at <code>10.99.0.2</code>");
  expect(telegramText("plain", [])).toBe("plain");
});

test("formatting may overlap", () => {
  const entities = [
    { type: "bold", offset: 0, length: 4 },
    { type: "italic", offset: 2, length: 4 },
  ];
  expect(telegramText("abcdef", entities)).toBe("<b>ab</b><b><i>cd</i></b><i>ef</i>");
});

test("what is not known is not guessed", () => {
  expect(() => telegramText("a", [{ type: "spoiler", offset: 0, length: 1 }])).toThrow("no picture of spoiler yet");
});
