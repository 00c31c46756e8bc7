import type { Clock } from "../../../src/channels/chat/clock.ts";

export interface FakeClock extends Clock {
  /** Sets the clock; no time passes. */
  set(ms: number): void;
  /** Lets time pass: whoever sleeps wakes at their time, and does all they can do before the next one wakes. */
  advance(ms: number): Promise<void>;
}

export function createFakeClock(startMs = Date.UTC(2026, 10, 21, 12)): FakeClock {
  let nowMs = startMs;
  let setByMs = 0;
  let sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  /** Everything in these tests waits for promises and for this clock only. */
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

  return {
    now: () => nowMs + setByMs,
    elapsed: () => nowMs,
    set(ms) {
      setByMs = ms - nowMs;
    },
    sleep: (ms, signal) =>
      new Promise<void>((resolve) => {
        if (signal.aborted) return resolve();
        const sleeper = { atMs: nowMs + Math.max(0, ms), wake: () => end() };
        const end = () => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          signal.removeEventListener("abort", end);
          resolve();
        };
        signal.addEventListener("abort", end);
        sleepers.push(sleeper);
      }),
    async advance(ms) {
      const untilMs = nowMs + ms;
      for (;;) {
        await settle();
        const next = sleepers.toSorted((a, b) => a.atMs - b.atMs)[0];
        if (next === undefined || next.atMs > untilMs) break;
        nowMs = next.atMs;
        next.wake();
      }
      nowMs = untilMs;
    },
  };
}
