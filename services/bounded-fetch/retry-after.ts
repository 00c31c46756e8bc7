const LONGEST_WAIT_MS = 60 * 60_000;

/** ms that a server's `Retry-After` asks to wait, at most an hour; null when it says nothing. Only the form with seconds: dates are by another clock. */
export function retryAfterMs(header: string | null): number | null {
  if (header === null || !/^\d{1,6}$/.test(header)) return null;
  return Math.min(Number(header) * 1000, LONGEST_WAIT_MS);
}
