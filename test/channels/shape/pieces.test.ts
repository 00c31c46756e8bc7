import fc from "fast-check";
import { expect, test } from "vitest";
import { piecesOf } from "../../../src/channels/shape/pieces.ts";
import { cleanLine } from "../../../src/channels/shape/plain-text.ts";

/** Code as `[…]`. */
const shown = (text: string) =>
  piecesOf(text)
    .map(({ text: piece, look }) => (look === "code" ? `[${piece}]` : piece))
    .join("");

test.each([
  ["Type /deploy name:ada to begin.", "Type [/deploy name:ada] to begin."],
  ["Usage: /logs agent: [lines:]", "Usage: [/logs agent: [lines:]]"],
  ["Usage: /logs AGENT [LINES]", "Usage: [/logs AGENT [LINES]]"],
  ["/history lists operations with their ids.", "[/history] lists operations with their ids."],
  ["It is possible (/help).", "It is possible ([/help])."],
  ["creel secrets set ada-telegram keeps one.", "[creel secrets set ada-telegram] keeps one."],
  ["creel open ada on the machine", "[creel open ada] on the machine"],
  [
    "this lets them in: creel ssh ada podman exec openclaw-gateway openclaw pairing approve telegram CODE",
    "this lets them in: [creel ssh ada podman exec openclaw-gateway openclaw pairing approve telegram CODE]",
  ],
  ["creel doctor says which; is creel worker running?", "[creel doctor] says which; is [creel worker] running?"],
  [
    'An owner can add "123456789" to owners.telegram in creel.yaml.',
    'An owner can add "[123456789]" to [owners.telegram] in [creel.yaml].',
  ],
  ["h-1 at 10.99.0.2:8080, running", "h-1 at [10.99.0.2:8080], running"],
  ["Watch 0mexample1234567.", "Watch [0mexample1234567]."],
  ["ada-1a2b3c at local", "[ada-1a2b3c] at local"],
  ["OpenClaw 2026.9.6, 1.5 GB after 3.2 s.", "OpenClaw 2026.9.6, 1.5 GB after 3.2 s."],
  ["last at 2026-11-21 14:05 UTC", "last at [2026-11-21 14:05] UTC"],
  ["https://example.com/a.", "[https://example.com/a]."],
  ["@everyone, mail a@b.co (#prod)", "[@everyone], mail [a@b.co] ([#prod])"],
  ["+1-212-555-0123 or 4111 1111 1111 1111", "[+1-212-555-0123] or [4111 1111 1111 1111]"],
  ["a/b and 24/7, C and $5x. Then", "a/b and 24/7, C and [$5x]. Then"],
  ["/var/lib/creel is full", "[/var/lib/creel] is full"],
])("%s", (text, expected) => {
  expect(shown(text)).toBe(expected);
});

test("any line is there whole, in pieces none of which is empty or like the one before", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }).map(cleanLine), (line) => {
      const pieces = piecesOf(line);
      expect(pieces.map(({ text }) => text).join("")).toBe(line);
      for (const [index, { text, look }] of pieces.entries()) {
        expect(text).not.toBe("");
        expect(look).not.toBe(pieces[index - 1]?.look);
      }
    }),
  );
});

test("takes no longer than the line is long", () => {
  // Quadratic patterns would take minutes.
  for (const piece of [")", "(", ".", "a.", "/a", ":", "1 ", "a-", "/deploy a:", "@"]) piecesOf(piece.repeat(100_000));
});
