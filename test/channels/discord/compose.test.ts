import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compose } from "../../../src/channels/discord/compose.ts";
import { payloadOf } from "../../../src/channels/discord/payload.ts";
import { messageSchema } from "../../fixtures/discord/message-schema.ts";
import { anyMessage } from "./any-message.ts";
import { button, chatMessage } from "./make.ts";
import { shown } from "./shown.ts";

const embedOf = (...parts: Parameters<typeof chatMessage>) => compose(chatMessage(...parts)).embeds[0];

describe("a message", () => {
  test("is its title, which notifications show, and an embed with a colour and the rest", () => {
    const blocks = [{ type: "text" as const, text: "All is *well*." }];
    expect(compose(chatMessage({ title: "ada runs.", tone: "good", blocks }))).toMatchObject({
      content: "✅ **ada runs.**",
      embeds: [{ color: 0x3ba55d, description: "All is \\*well\\*." }],
    });
    expect(compose(chatMessage({ title: "ada runs.", tone: "plain" }))).toMatchObject({
      content: "**ada runs.**",
      embeds: [],
    });
  });

  test("shows what is copied as code, moments in the reader's time zone, and links channels", () => {
    const place = { channel: "discord" as const, chat: "123456789012345678", topic: null };
    const blocks = [
      { type: "text" as const, text: ["Asked in ", { place }, ", ", { atMs: 1_700_000_000_999 }, "."] },
      {
        type: "text" as const,
        text: "Add 123456789012345678 to owners.discord in creel.yaml, or type /deploy name:ada.",
      },
    ];
    expect(embedOf({ blocks })?.description).toBe(
      "Asked in <#123456789012345678>, <t:1700000000:R>.\n\n" +
        "Add `123456789012345678` to `owners.discord` in `creel.yaml`, or type `/deploy name:ada`.",
    );
  });

  test("shows progress as a bar and marked steps", () => {
    const steps = [
      { mark: "done" as const, title: "Create the host", time: "3.1 s", detail: null },
      { mark: "running" as const, title: "Start the gateway", time: "12 s", detail: "pulling the image" },
      { mark: "pending" as const, title: "Check it", time: null, detail: null },
    ];
    const blocks = [
      { type: "bar" as const, done: 1, total: 3, note: "15 s" },
      { type: "steps" as const, steps },
    ];
    expect(embedOf({ blocks })?.description).toBe(
      "████░░░░░░░░ 1 of 3 · 15 s\n\n✅ Create the host · 3.1 s\n▶️ **Start the gateway** · 12 s\n› pulling the image\n▫️ Check it",
    );
  });

  test("shows a wide table as one entry per row, a narrow one as lines", () => {
    const wide = {
      type: "table" as const,
      head: ["Agent", "State", "Up"],
      rows: [
        ["ada", "ready", "3 h"],
        ["bob", "crashed", ""],
      ],
    };
    expect(embedOf({ blocks: [wide] })?.description).toBe("**ada**\nState ready · Up 3 h\n**bob**\nState crashed");
    const narrow = { type: "table" as const, head: ["Command", "Does"], rows: [["/status", "Show the agents"]] };
    expect(embedOf({ blocks: [narrow] })?.description).toBe("`/status` Show the agents");
  });

  test("shows fields as lines, which on a phone take half as much as Discord's own", () => {
    const fields = {
      type: "fields" as const,
      fields: [
        { name: "Host", value: "h-1" },
        { name: "OpenClaw", value: "2026.9.6" },
      ],
    };
    const embed = embedOf({ blocks: [{ type: "text", text: "before" }, fields] });
    expect(embed?.fields).toBeUndefined();
    expect(embed?.description).toBe("before\n\n**Host** h-1\n**OpenClaw** `2026.9.6`");
  });

  test("shows a short log in a code block, with its indentation", () => {
    const { embeds, files } = compose(chatMessage({ blocks: [{ type: "log", lines: ["start", "  at `x`"] }] }));
    expect(embeds[0]?.description).toBe("```\nstart\n  at `x`\n```");
    expect(files).toEqual([]);
  });

  test("shows a log that would end its block line by line", () => {
    const { embeds } = compose(chatMessage({ blocks: [{ type: "log", lines: ["start", "at ```x```"] }] }));
    expect(embeds[0]?.description).toBe("start\nat \\`\\`\\`x\\`\\`\\`");
  });

  test("puts a long log into a file and shows its end", () => {
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index} ä`);
    const { embeds, files } = compose(chatMessage({ blocks: [{ type: "log", lines }] }));
    expect(embeds[0]?.description).toMatch(/^```\nline 485 ä\n[\s\S]*line 499 ä\n```$/);
    expect(files.map(({ name }) => name)).toEqual(["log.txt"]);
    expect(String(files[0]?.data)).toBe(`${lines.join("\n")}\n`);
  });

  test("puts everything into a file when some of it does not fit", () => {
    const items = Array.from({ length: 200 }, (_, index) => `agent-${index} is out of reach`);
    const { embeds, files } = compose(
      chatMessage({ title: "Look", blocks: [{ type: "list", title: "Agents", items }] }),
    );
    expect(embeds[0]?.description).toMatch(/^\*\*Agents\*\*\n• agent-0 [\s\S]*\n…$/);
    expect(files.map(({ name }) => name)).toEqual(["message.txt"]);
    expect(String(files[0]?.data)).toContain("agent-199 is out of reach");
  });

  test("has up to five buttons in a row", () => {
    const actions = [
      button("Retry", "good"),
      button("Logs"),
      button("Destroy", "danger"),
      button("x".repeat(100)),
      button(""),
      button("6"),
    ];
    const { components } = compose(chatMessage({ actions, presses: actions.map((_, index) => `c:${index}`) }));
    expect(components.map((row) => row.components.length)).toEqual([5, 1]);
    expect(components[0]?.components).toMatchObject([
      { style: 3, label: "Retry", custom_id: "c:0" },
      { style: 2, label: "Logs", custom_id: "c:1" },
      { style: 4, label: "Destroy", custom_id: "c:2" },
      { label: `${"x".repeat(79)}…` },
      { label: "–" },
    ]);
  });
});

describe("whoever is notified", () => {
  const ada = { channel: "discord", user: "100000000000000001", roles: [], name: "Ada" } as const;

  test("is named in front, and nobody else can be", () => {
    expect(payloadOf(chatMessage(), ada).body).toMatchObject({
      content: expect.stringMatching(/^<@100000000000000001> \S/),
      allowed_mentions: { parse: [], users: ["100000000000000001"], replied_user: false },
    });
  });

  test("is nobody without a Discord id", () => {
    for (const notify of [null, { ...ada, channel: "telegram" as const }, { ...ada, user: "@everyone" }]) {
      expect(payloadOf(chatMessage(), notify).body).toMatchObject({
        content: expect.not.stringContaining("<@"),
        allowed_mentions: { parse: [], users: [] },
      });
    }
  });
});

test("any strings anywhere keep Discord's limits, format nothing and ping nobody", () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const { body, files } = payloadOf(message);
      const [embed] = messageSchema.parse(body).embeds ?? [];
      for (const text of [String(body.content), embed?.description]) {
        const { markup } = shown(text ?? "");
        expect(markup).toEqual([]);
        expect((text ?? "").isWellFormed()).toBe(true);
      }
      expect(String(body.content).trim()).not.toBe("");
      expect(JSON.stringify(body)).not.toMatch(/[\u00ad\u200b\u2060\ufeff]/u);
      for (const { data } of files) expect(Buffer.byteLength(String(data))).toBeLessThan(10 * 1024 * 1024);
    }),
    { numRuns: 600 },
  );
}, 60_000);
