import { describe, expect, test } from "vitest";
import {
  bold,
  channelLink,
  codeBlock,
  escapeMarkup,
  inlineCode,
  relativeTime,
} from "../../src/channels/discord/markdown.ts";
import { discordMarkup } from "./discord-markup.ts";

const reader = { atMs: 1_000_000_000, names: { "100000000000000001": "Mia", "100000000000000002": "a & b" } };
const shown = (text: string) => discordMarkup(text, reader);

describe("Discord's markup", () => {
  test("shows what Creel writes", () => {
    expect(shown(`${bold("ada")} is ${inlineCode("ada-40c28k")}`)).toBe(
      "<strong>ada</strong> is <code>ada-40c28k</code>",
    );
    expect(shown(codeBlock(["one  two", "<three>"]))).toBe("<pre>one  two\n&lt;three&gt;</pre>");
    expect(shown("one\ntwo")).toBe("one<br>two");
  });

  test("shows what is escaped as it is", () => {
    const text = "**a** _b_ `c` <@100000000000000001> https://d.example :e: [f](g) - h";
    expect(shown(escapeMarkup(text))).toBe(text.replaceAll("<", "&lt;").replaceAll(">", "&gt;"));
  });

  test("shows people and channels by name, and moments as seen by the reader", () => {
    expect(shown("<@100000000000000001>")).toBe('<span class="mention">@Mia</span>');
    expect(shown(channelLink("100000000000000002"))).toBe('<span class="mention">#a &amp; b</span>');
    expect(shown(relativeTime(reader.atMs - 5 * 60_000))).toBe('<span class="time">5 minutes ago</span>');
    expect(shown(relativeTime(reader.atMs + 3_000))).toBe('<span class="time">in 3 seconds</span>');
  });

  test("does not guess", () => {
    expect(() => shown("~~gone~~")).toThrow(/no picture of strikethrough yet/);
  });
});
