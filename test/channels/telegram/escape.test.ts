import { describe, expect, test } from "vitest";
import { defuse } from "../../../src/channels/telegram/escape.ts";

const J = "\u2060";

describe("what Telegram would make clickable", () => {
  test.each([
    ["https://example.com/a", `https:${J}//example.${J}com/a`],
    ["ada@example.com", `ada@${J}example.${J}com`],
    ["@ada_l", `@${J}ada_l`],
    ["/destroy agent:ada", `/${J}destroy agent:ada`],
    ["#prod", `#${J}prod`],
    ["$USD", `$${J}USD`],
    ["main.rs", `main.${J}rs`],
    ["10.0.0.1", `10.${J}0.${J}0.${J}1`],
    ["tg://resolve?domain=x", `tg:${J}//resolve?domain=x`],
    ["+1-212-555-0123", `+${J}1-21${J}2-55${J}5-01${J}23`],
    ["4111 1111 1111 1111", `411${J}1 11${J}11 1${J}111${J} 111${J}1`],
  ])("%s", (given, expected) => {
    const result = defuse(given);
    expect(result.replaceAll(J, "")).toBe(given);
    expect(result.replaceAll(J, "|")).toBe(expected.replaceAll(J, "|"));
  });

  test.each(["2026.9.6", "1.5 GB", "OpenClaw 2026.9.6.", "3 of 7, at 20 s.", "a/b", "C# and $5x", "one. two."])(
    "%s stays as it is, to be copied",
    (given) => {
      expect(defuse(given)).toBe(given.replace("$5", `$${J}5`));
    },
  );
});
