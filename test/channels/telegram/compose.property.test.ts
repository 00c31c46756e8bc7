import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compose, composeAlert, composeNotice } from "../../../src/channels/telegram/compose.ts";
import { message } from "../../../src/core/message.ts";
import { withDetected } from "../../fixtures/telegram/detect.ts";
import { readKeyboard } from "../../fixtures/telegram/keyboard.ts";
import { formatText } from "../../fixtures/telegram/text.ts";
import { anyMessage, anyText } from "./any-message.ts";

const FORMATTING = ["bold", "italic", "code", "pre"];

/** What clients and the real server find besides, more widely than they do: td/telegram/MessageEntity.cpp in tdlib/td. */
const TAPPABLE = [
  /(?:\d{1,3}\.){3}\d/,
  /[\p{L}_-]\.[\p{L}\p{N}]/u,
  /\p{N}\.\p{L}/u,
  /\w:\/\//,
  /\$[A-Z]/,
  /\+\d/,
  /\d(?:[ -]?\d){6}/,
];

/** What Telegram makes of it. @throws when it refuses it, or loses some of the formatting. */
function read(html: string, maxLength: number) {
  const rules = {
    maxLength,
    tooLong: "too long",
    lost: (what: string) => {
      throw new Error(what);
    },
  };
  return formatText({ text: html, parseMode: "HTML", entities: undefined }, rules);
}

describe("any message", () => {
  test("is accepted and holds nothing but Creel's own formatting", () => {
    fc.assert(
      fc.property(
        anyMessage,
        fc.constantFrom("auto" as const, "text" as const, "caption" as const),
        (message, kind) => {
          const { html, keyboard, file } = compose(message, kind);
          const limit = file !== null || kind === "caption" ? 1024 : 4096;
          const { text, entities } = read(html, limit);
          expect(text).not.toBe("");
          expect(text.length).toBeLessThanOrEqual(limit);
          expect(entities.map(({ type }) => type).filter((type) => !FORMATTING.includes(type))).toEqual([]);
          expect(text).not.toMatch(/[\p{Cs}\u202a-\u202e\u2066-\u2069]|[^\P{Cc}\n]/u);
          if (kind !== "auto") expect(file).toBeNull();
          if (file !== null) expect(file.content).not.toBe("");
          const buttons = (readKeyboard(keyboard === null ? undefined : { ...keyboard })?.inline_keyboard ?? []).flat();
          expect(buttons.map(({ callback_data }) => callback_data)).toEqual(message.presses);
          for (const button of buttons) expect(button.text.length).toBeLessThanOrEqual(64);
        },
      ),
      { numRuns: 400 },
    );
  });

  test("makes a pop-up and a notice of at most 200 characters", () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        expect((composeAlert(message) ?? "").length).toBeLessThanOrEqual(200);
        expect(composeNotice(message).length).toBeLessThanOrEqual(200);
      }),
    );
  });
});

test("any text in a message has nothing to tap in it and nothing invisible, whatever stands around it", () => {
  fc.assert(
    fc.property(
      anyText,
      fc.constantFrom("", "x ", "• ", "(", "✅ "),
      fc.constantFrom("text", "list", "title"),
      (text, before, where) => {
        const said = before + text;
        const block =
          where === "list"
            ? { type: "list" as const, title: said, items: [said] }
            : { type: "text" as const, text: said };
        const content = message(where === "title" ? said : "Title", "good", [block]);
        const shown = read(compose({ ...content, presses: [] }, "auto").html, 4096);
        expect(withDetected(shown.text, shown.entities).filter(({ type }) => !FORMATTING.includes(type))).toEqual([]);
        expect(shown.text).not.toMatch(/[\u00ad\u200b\u2060\ufeff]/u);
        const plain = withoutCode(shown.text, shown.entities);
        for (const pattern of TAPPABLE) expect(plain).not.toMatch(pattern);
      },
    ),
    { numRuns: 2_000 },
  );
});

/** In code nothing is searched for, so each is a sign of its own. */
function withoutCode(text: string, entities: readonly { type: string; offset: number; length: number }[]): string {
  const code = entities.filter(({ type }) => type === "code" || type === "pre");
  return code.reduceRight(
    (left, { offset, length }) => `${left.slice(0, offset)}■${left.slice(offset + length)}`,
    text,
  );
}
