const DAY_MS = 24 * 60 * 60 * 1000;

interface Aged {
  /** ms since the epoch. */
  readonly createdAtMs: number;
}

/** What new hosts of `provider` start from, when it is older than the owner wants. */
export interface OldImage {
  readonly provider: string;
  readonly days: number;
}

/** Whole days since an image was made; 0 for one from the future, which only a wrong clock can have made. */
export function daysOld({ createdAtMs }: Aged, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - createdAtMs) / DAY_MS));
}

/** Whether what is in an image has been without Debian's and OpenClaw's repairs for longer than the owner wants. */
export function isTooOld(image: Aged, maxAgeDays: number, nowMs: number): boolean {
  return daysOld(image, nowMs) > maxAgeDays;
}
