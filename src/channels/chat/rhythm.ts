import type { Operation } from "../../core/operation.ts";
import type { FollowRecord } from "./follow-record.ts";
import type { Latest } from "./latest.ts";

/** One step's end and the next one's start come right after each other. */
const SETTLE_MS = 200;
/** Redraws of one message are at least that far apart, whatever the chat would allow: nobody reads faster. */
const REDRAW_MS = 2_000;
/** Elapsed times move although nothing else does, so that the longest step is seen to go on: often while somebody looks. */
const TICK_MS = { first: 5_000, later: 30_000 };
const LOOKED_AT_MS = 2 * 60_000;
const THREAD_AFTER_MS = 10_000;

/** When, in elapsed time as all moments here, the message is worth redrawing. `drawn` is what it shows, null when it does not show yet that the operation goes on. */
export function nextDraw(latest: Latest, drawn: Operation | null, drawnAtMs: number): number {
  if (drawn === null) return drawnAtMs;
  const tickMs = drawnAtMs - latest.requestedAtMs() < LOOKED_AT_MS ? TICK_MS.first : TICK_MS.later;
  if (drawn === latest.get()) return drawnAtMs + tickMs;
  return Math.max(latest.changedAtMs() + SETTLE_MS, drawnAtMs + REDRAW_MS);
}

/** When the operation has run for so long that it deserves a thread; never when it has been asked for. */
export function nextThread(latest: Latest, record: FollowRecord): number {
  const startedAtMs = latest.startedAtMs();
  const isSettled = record.threadAsked || record.silent || record.status === null;
  return startedAtMs === null || isSettled ? Number.POSITIVE_INFINITY : startedAtMs + THREAD_AFTER_MS;
}
