import type { Pace } from "../channel.ts";

/** now: a new message, or the last state of one · soon: a redraw, which the next one replaces anyway. */
export type Urgency = "now" | "soon";

const WINDOW_MS = 60_000;
/** The part of a minute's allowance that redraws leave to what is urgent. */
const RESERVED = 0.2;

/** Keeps what is sent to one place within the pace that its chat allows. */
export interface Pacer {
  /** 0 when something may be sent now, else how long to wait before asking again. */
  delayMs(urgency: Urgency, nowMs: number): number;
  sent(nowMs: number): void;
}

/**
 * Two rules hold for everything: the gap between two calls, and the number of calls in any minute. Redraws keep away from the last fifth
 * of that number, and spread the second half of what is theirs over the minute instead of using it up and standing still.
 */
export function createPacer({ gapMs, perMinute }: Pace): Pacer {
  const redraws = Math.max(1, Math.floor(perMinute * (1 - RESERVED)));
  let sentMs: number[] = [];

  return {
    delayMs(urgency, nowMs) {
      sentMs = sentMs.filter((time) => time > nowMs - WINDOW_MS);
      const last = sentMs.at(-1);
      const allowance = urgency === "now" ? perMinute : redraws;
      const inTheWay = sentMs.at(-allowance);
      const free = inTheWay === undefined ? 0 : inTheWay + WINDOW_MS;
      const gap = urgency === "now" ? gapMs : Math.max(gapMs, spreadMs(sentMs, redraws, nowMs));
      return Math.max(0, free - nowMs, last === undefined ? 0 : last + gap - nowMs);
    },
    sent(nowMs) {
      sentMs.push(nowMs);
    },
  };
}

/** What is left of the minute, divided among the redraws that are left in it. */
function spreadMs(sentMs: readonly number[], redraws: number, nowMs: number): number {
  const [oldest] = sentMs;
  const left = redraws - sentMs.length;
  if (oldest === undefined || sentMs.length <= redraws / 2 || left <= 0) return 0;
  return Math.ceil((oldest + WINDOW_MS - nowMs) / left);
}
