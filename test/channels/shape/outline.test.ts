import { describe, expect, test } from "vitest";
import { type Line, outline, plainText } from "../../../src/channels/shape/outline.ts";
import { type Block, message, type StepLine } from "../../../src/core/message.ts";

/** Strong as `*…*`, code as `[…]`, details as `(…)`, moments as `{…}`, places as `#…#`. */
const LOOKS = {
  ...{ plain: ["", ""], strong: ["*", "*"], code: ["[", "]"], detail: ["(", ")"], time: ["{", "}"], place: ["#", "#"] },
} as const;

function shown(block: Block): string[] {
  const [part] = outline({ ...message("Title", "good", []), blocks: [block] }).parts;
  if (part?.type === "log") return [...part.lines];
  return (part?.lines ?? []).map((line: Line) =>
    line.map(({ text, look }) => LOOKS[look][0] + text + LOOKS[look][1]).join(""),
  );
}

describe("tables", () => {
  test("with many columns are an entry per row, without empty cells", () => {
    const rows = [
      ["ada", "ready", "2 h", "see below"],
      ["bob", "", " \u200b", ""],
      ["", "gone", "", ""],
    ];
    expect(shown({ type: "table", head: ["Agent", "State", "Up", ""], rows })).toEqual([
      ...["*ada*", "State ready · Up 2 h · see below"],
      "*bob*",
      ...["*–*", "State gone"],
    ]);
  });

  test("with two columns are a line per row", () => {
    expect(shown({ type: "table", head: ["Agent", "State"], rows: [["ada", "ready"]] })).toEqual(["*ada* ready"]);
  });
});

test("a table with a few words per row is a line per row", () => {
  const brief = [
    { name: "ada", rest: "ready · 2 h" },
    { name: "bob", rest: "" },
  ];
  expect(shown({ type: "table", head: ["A", "B"], rows: [["ada", "x"]], brief })).toEqual([
    "*ada* · ready · 2 h",
    "*bob*",
  ]);
});

test("moments and places are told apart from the words around them", () => {
  const place = { channel: "discord" as const, chat: "123456789012345678", topic: null };
  expect(shown({ type: "text", text: ["Asked in ", { place }, " at ", { atMs: 0 }, "."] })).toEqual([
    "Asked in #123456789012345678# at {1970-01-01 00:00 UTC}.",
  ]);
});

test("in fields, what people copy is told apart", () => {
  const values = ["2 hours", "creel-ada-1", "2026.9.6", "ready", "", "10.0.0.1 at home"];
  const fields = values.map((value) => ({ name: "N", value }));
  expect(shown({ type: "fields", fields })).toEqual([
    ...["*N* 2 hours", "*N* [creel-ada-1]", "*N* [2026.9.6]"],
    ...["*N* ready", "*N* –", "*N* [10.0.0.1] at home"],
  ]);
});

test.each([
  [3, 12, "███░░░░░░░░░ 3 of 12 · 4 s"],
  [0, 0, "░░░░░░░░░░░░ 0 of 0 · 4 s"],
  [9, 3, "████████████ 9 of 3 · 4 s"],
  [-1, 3, "░░░░░░░░░░░░ -1 of 3 · 4 s"],
])("%i of %i is a bar of one length", (done, total, expected) => {
  expect(shown({ type: "bar", done, total, note: "4 s" })).toEqual([expected]);
});

test("steps have a mark, and only the one under way says what goes on in it", () => {
  const step = (mark: StepLine["mark"], detail: string | null): StepLine => ({
    mark,
    title: mark,
    time: "1 s",
    detail,
  });
  const steps = [step("done", "x"), step("running", "pulling\nit"), step("running", " "), step("failed", "x")];
  expect(shown({ type: "steps", steps: [...steps, { ...step("pending", null), time: null }] })).toEqual([
    "✅ done · 1 s",
    ...["▶️ *running* · 1 s", "(› pulling it)"],
    "▶️ *running* · 1 s",
    "❌ failed · 1 s",
    "▫️ pending",
  ]);
});

test("text and logs keep their lines, and are left out when nothing in them can be seen", () => {
  expect(shown({ type: "text", text: "one\r\n\n\ntwo" })).toEqual(["one", "", "two"]);
  expect(shown({ type: "log", lines: ["at", "\tx"] })).toEqual(["at", "  x"]);
  expect(shown({ type: "text", text: "\u202e" })).toEqual([]);
  expect(shown({ type: "log", lines: ["", "\u0000"] })).toEqual([]);
});

test("everything as plain text", () => {
  const blocks: Block[] = [
    { type: "text", text: "one" },
    { type: "list", title: "Two", items: ["a\nb", ""] },
    { type: "log", lines: ["x", " y"] },
  ];
  expect(plainText(outline(message(" ", "bad", blocks)))).toBe("❌ –\n\none\n\nTwo\n• a b\n• –\n\nx\n y");
});
