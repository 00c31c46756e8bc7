import fc from "fast-check";
import { expect, test } from "vitest";
import { createPresses } from "../../../src/channels/chat/presses.ts";
import { renderConfirmation } from "../../../src/channels/render/chat.ts";
import { command, message } from "../../../src/core/message.ts";
import type { TicketId } from "../../../src/core/ticket.ts";
import { createMemoryOfChannels } from "../../desk/memory-chat-state.ts";
import { flawOf } from "./contract.ts";

const withLines = (lines: readonly string[]) =>
  message("Next?", "plain", [], { actions: lines.map((line) => command("Do it", line)) });

test("any line fits into a button, and comes back as it was", async () => {
  const presses = createPresses(createMemoryOfChannels(() => 0));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: "binary", maxLength: 200 }), { maxLength: 8 }), async (lines) => {
      const dressed = await presses.dress(withLines(lines));
      expect(flawOf(dressed)).toBeNull();
      expect(dressed.presses).toHaveLength(new Set(lines).size);
      for (const [index, press] of dressed.presses.entries()) {
        expect(presses.decisionIn(press)).toBeNull();
        expect(dressed.actions[index]?.does).toEqual({ type: "command", line: await presses.lineOf(press) });
      }
    }),
  );
});

test("of buttons that do the same the first one stays", async () => {
  const presses = createPresses(createMemoryOfChannels(() => 0));
  const twice = { ...withLines([]), actions: [command("One", "/status"), command("Two", "/status")] };
  expect((await presses.dress(twice)).actions.map(({ label }) => label)).toEqual(["One"]);
});

test("a long line is kept for 30 days, also for another process", async () => {
  const DAY = 24 * 60 * 60_000;
  let nowMs = 0;
  const memory = createMemoryOfChannels(() => nowMs);
  const line = `/deploy name:ada size:"${"x".repeat(80)}"`;
  const [press = ""] = (await createPresses(memory).dress(withLines([line]))).presses;
  nowMs = 29 * DAY;
  expect(await createPresses(memory).lineOf(press)).toBe(line);
  nowMs = 31 * DAY;
  await expect(createPresses(memory).lineOf(press)).rejects.toMatchObject({ code: "not-found" });
});

test("a question's buttons carry its ticket", async () => {
  const presses = createPresses(createMemoryOfChannels(() => 0));
  const ticket = "t".repeat(40) as TicketId;
  const dressed = await presses.dress(renderConfirmation("Sure?", ticket, "Destroy ada"));
  expect(flawOf(dressed)).toBeNull();
  expect(dressed.presses.map(presses.decisionIn)).toEqual([
    { ticket, answer: "yes" },
    { ticket, answer: "no" },
  ]);
});
