import { describe, expect, test } from "vitest";
import type { ChatMessage } from "../../../src/channels/channel.ts";
import { compose, composeAlert } from "../../../src/channels/telegram/compose.ts";
import { type Block, command, message } from "../../../src/core/message.ts";

function chatMessage(title: string, blocks: readonly Block[], actions: readonly string[] = []): ChatMessage {
  const content = message(title, "good", blocks, { actions: actions.map((label) => command(label, `/${label}`)) });
  return { ...content, presses: actions.map((label) => `c:/${label}`) };
}

const html = (...blocks: Block[]) =>
  compose(chatMessage("Title", blocks), "auto").html.replace("✅ <b>Title</b>\n\n", "");

describe("on a narrow screen", () => {
  test("a wide table becomes one entry per row", () => {
    const rows = [
      ["ada", "ready", "2 h", ""],
      ["bob", "crashed", "–", "see below"],
    ];
    expect(html({ type: "table", head: ["Agent", "State", "Up", ""], rows })).toBe(
      "<b>ada</b>\nState ready · Up 2 h\n<b>bob</b>\nState crashed · Up – · see below",
    );
  });

  test("two columns stay on a line", () => {
    expect(html({ type: "table", head: ["Agent", "State"], rows: [["ada", "ready"]] })).toBe("<b>ada</b> ready");
  });

  test("fields: what one would copy is code, commands cannot be sent by a slip", () => {
    const fields = [
      { name: "Up", value: "2 hours" },
      { name: "Host", value: "creel-ada-1" },
      { name: "/deploy name:", value: "Create <one>" },
    ];
    expect(html({ type: "fields", fields })).toBe(
      "<b>Up</b> 2 hours\n<b>Host</b> <code>creel-ada-1</code>\n<code>/deploy name:</code> Create &lt;one&gt;",
    );
  });

  test("steps and bar", () => {
    const steps = [
      { mark: "done" as const, title: "Reserve", time: "1 s", detail: null },
      { mark: "running" as const, title: "Start", time: "3 s", detail: "pulling" },
      { mark: "pending" as const, title: "Check", time: null, detail: null },
    ];
    expect(html({ type: "bar", done: 1, total: 3, note: "4 s" }, { type: "steps", steps })).toBe(
      "████░░░░░░░░ 1 of 3 · 4 s\n\n✅ Reserve · 1 s\n▶️ <b>Start</b> · 3 s\n<i>› pulling</i>\n▫️ Check",
    );
  });
});

describe("logs", () => {
  test("that fit are shown", () => {
    expect(html({ type: "log", lines: ["a <b>", "http://x.com"] })).toBe("<pre>a &lt;b&gt;\nhttp://x.com</pre>");
  });

  test("that do not fit are in a file, with the last lines shown", () => {
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index} @all`);
    const { html: caption, file } = compose(chatMessage("Log", [{ type: "log", lines }]), "auto");
    expect(file).toEqual({ name: "log.txt", content: `${lines.join("\n")}\n` });
    expect(caption).toMatch(/line 498 @all\nline 499 @all<\/pre>$/);
    expect(caption.length).toBeLessThan(1100);
    expect(compose(chatMessage("Log", [{ type: "log", lines }]), "text").file).toBeNull();
  });
});

test("nothing is lost when there is much besides the log: it is in the file", () => {
  const long = "word ".repeat(800);
  const blocks: Block[] = [
    { type: "text", text: long },
    { type: "log", lines: Array.from({ length: 100 }, (_, index) => `line ${index}`) },
  ];
  expect(compose(chatMessage("Title", blocks), "auto").file?.content).toMatch(
    /^✅ Title\n\nword (?:.|\n)*\nline 99\n$/,
  );
});

test("twenty-five choices are buttons in rows of two or three", () => {
  const labels = Array.from({ length: 25 }, (_, index) => `agent-${index}`);
  const rows = compose(chatMessage("Which?", [], labels), "auto").keyboard?.inline_keyboard ?? [];
  expect(rows.map((row) => row.length)).toEqual([3, 3, 3, 3, 3, 3, 3, 3, 1]);
  expect(rows[0]?.[1]).toEqual({ text: "agent-1", callback_data: "c:/agent-1" });
});

test("a cut never leaves half a character, tag or reference", () => {
  const { html: long } = compose(chatMessage("👩‍👩‍👧‍👦&".repeat(1000), []), "auto");
  expect(long).toMatch(/^✅ <b>(?:👩‍👩‍👧‍👦&amp;)+(?:👩‍👩‍👧‍👦)?<\/b>…$/u);
});

test("a short answer fits into a pop-up, one with buttons does not", () => {
  expect(composeAlert(chatMessage("Not allowed.", [{ type: "text", text: "Ask <an> owner." }]))).toBe(
    "✅ Not allowed.\n\nAsk <an> owner.",
  );
  expect(composeAlert(chatMessage("Sure?", [], ["yes"]))).toBeNull();
});
