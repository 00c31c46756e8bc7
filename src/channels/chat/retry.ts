import { asOpsError, type OpsError } from "../../core/errors.ts";
import type { Clock } from "./clock.ts";

const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** What time alone may repair. A bot that the service refuses works again once its owner has repaired it. */
export function isPassing({ code, retry }: OpsError): boolean {
  return retry === "later" || code === "chat-refused";
}

/** How long to wait after `failures` in a row, the last of which was `error`: what the service asked for, else ever longer up to 30 s. */
export function backoffMs(failures: number, error: OpsError): number {
  if (error.retryAfterMs !== null) return Math.max(FIRST_MS, error.retryAfterMs);
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 10));
}

/** Repeats `call` for as long as it fails in a way that passes and `signal` is not aborted. For calls that may be repeated. */
export async function persistently<T>(clock: Clock, signal: AbortSignal, call: () => Promise<T>): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await call();
    } catch (error) {
      const known = asOpsError(error);
      if (!isPassing(known) || signal.aborted) throw known;
      await clock.sleep(backoffMs(failures, known), signal);
    }
  }
}
