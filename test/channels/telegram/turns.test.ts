import { expect, test } from "vitest";
import { createTurns } from "../../../src/channels/telegram/turns.ts";
import { asOpsError, OpsError } from "../../../src/core/errors.ts";

test("a pause that Telegram asked for ends with its time", async () => {
  const post = { chat: "chat", kind: "post" as const };
  let nowMs = 1_000_000;
  const turns = createTurns(() => nowMs, asOpsError);
  const askToWait = () =>
    turns.inTurn(post, async () => {
      throw new OpsError({ code: "chat-unavailable", userMessage: "Slow down.", retry: "later", retryAfterMs: 10_000 });
    });
  const say = () => turns.inTurn(post, async () => "said");
  await expect(askToWait()).rejects.toMatchObject({ retryAfterMs: 10_000 });
  nowMs += 4_000;
  expect(await turns.inTurn({ chat: "chat", kind: "edit" }, async () => "edited")).toBe("edited");
  expect(await turns.inTurn({ chat: "other", kind: "post" }, async () => "said")).toBe("said");
  await expect(say()).rejects.toMatchObject({ retryAfterMs: 6_000 });
  nowMs += 6_000;
  expect(await say()).toBe("said");
});
