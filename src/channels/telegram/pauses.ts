import type { OpsError } from "../../core/errors.ts";
import { slowDown } from "./errors.ts";

/**
 * How long Telegram wants no more calls about a chat (429 with `retry_after`). Answers and status messages come from different places of
 * Creel, and whoever calls all the same is made to wait longer.
 */
export function createPauses(now: () => number) {
  const until = new Map<string, number>();
  return {
    /** @throws OpsError `chat-unavailable` with the rest of the time. */
    check(chat: string | null): void {
      const endsAtMs = chat === null ? undefined : until.get(chat);
      if (chat === null || endsAtMs === undefined) return;
      const leftMs = endsAtMs - now();
      if (leftMs > 0) throw slowDown([], leftMs);
      until.delete(chat);
    },
    keep(chat: string | null, { retryAfterMs }: OpsError): void {
      if (chat !== null && retryAfterMs !== null) until.set(chat, now() + retryAfterMs);
    },
  };
}
