import { setTimeout as delay } from "node:timers/promises";

/** How often the clock is looked at: it may be a test's, and a real one jumps when a laptop wakes up. */
const LOOK_MS = 200;

/** Resolves when the clock has gone on by `ms`, or that long has passed although it was set back, or at once when `signal` is aborted. */
export async function pause(ms: number, now: () => number, signal: AbortSignal): Promise<void> {
  const end = now() + ms;
  const startedMs = performance.now();
  const leftMs = () => Math.min(end - now(), ms - (performance.now() - startedMs));
  for (let left = ms; left > 0 && !signal.aborted; left = leftMs()) {
    await delay(Math.min(left, LOOK_MS), undefined, { signal }).catch(() => undefined);
  }
}
