import fc from "fast-check";
import { expect, test } from "vitest";
import { createPacer } from "../../../src/channels/chat/pace.ts";

const pace = { gapMs: 1_000, perMinute: 20 };

/** Sends as much as it may for a while. @returns when. */
function greedy(urgency: "now" | "soon", forMs: number, pacer = createPacer(pace), fromMs = 0): number[] {
  const sent: number[] = [];
  for (let nowMs = fromMs; nowMs < fromMs + forMs; ) {
    const delay = pacer.delayMs(urgency, nowMs);
    if (delay === 0) {
      pacer.sent(nowMs);
      sent.push(nowMs);
    } else nowMs += delay;
  }
  return sent;
}

test("the first call goes at once, the next after the gap", () => {
  expect(greedy("now", 3_500)).toEqual([0, 1_000, 2_000, 3_000]);
});

test("urgent calls may use the whole allowance, redraws leave a fifth", () => {
  expect(greedy("now", 60_000)).toHaveLength(20);
  const redraws = greedy("soon", 60_000).length;
  expect(redraws).toBeGreaterThanOrEqual(14);
  expect(redraws).toBeLessThanOrEqual(16);
});

test("after many redraws there is room for what is urgent", () => {
  const pacer = createPacer(pace);
  greedy("soon", 59_000, pacer);
  expect(greedy("now", 4_000, pacer, 59_000)).toHaveLength(4);
});

test("redraws never stand still for long", () => {
  const sent = greedy("soon", 300_000);
  const gaps = sent.slice(1).map((time, index) => time - (sent[index] ?? 0));
  expect(Math.max(...gaps)).toBeLessThan(10_000);
});

test("no order of calls breaks the gap or the minute", () => {
  const call = fc.record({ urgency: fc.constantFrom("now" as const, "soon" as const), afterMs: fc.nat(5_000) });
  const paces = fc.record({ gapMs: fc.nat(3_000), perMinute: fc.integer({ min: 1, max: 60 }) });
  fc.assert(
    fc.property(paces, fc.array(call, { maxLength: 150 }), (chosen, calls) => {
      const pacer = createPacer(chosen);
      const sent: number[] = [];
      let nowMs = 0;
      for (const { urgency, afterMs } of calls) {
        nowMs += afterMs;
        for (let delay = pacer.delayMs(urgency, nowMs); delay > 0; delay = pacer.delayMs(urgency, nowMs))
          nowMs += delay;
        expect(nowMs - (sent.at(-1) ?? -chosen.gapMs)).toBeGreaterThanOrEqual(chosen.gapMs);
        expect(sent.filter((time) => time > nowMs - 60_000).length).toBeLessThan(chosen.perMinute);
        pacer.sent(nowMs);
        sent.push(nowMs);
      }
    }),
  );
});
