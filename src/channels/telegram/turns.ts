import type { OpsError } from "../../core/errors.ts";
import { slowDown } from "./errors.ts";

/**
 * Calls about one chat, one after the other: answers and status messages come from different places of Creel, and when Telegram wants to be
 * left alone about a chat (429 with `retry_after`), whoever calls all the same is made to wait longer.
 */
export function createTurns(now: () => number, ops: (error: unknown) => OpsError) {
  const last = new Map<string, Promise<unknown>>();
  const pausedUntil = new Map<string, number>();

  function checkPause(chat: string): void {
    const leftMs = (pausedUntil.get(chat) ?? 0) - now();
    if (leftMs > 0) throw slowDown([], leftMs);
    pausedUntil.delete(chat);
  }

  async function take<T>(chat: string, call: () => Promise<T>): Promise<T> {
    checkPause(chat);
    try {
      return await call();
    } catch (error) {
      const { retryAfterMs } = ops(error);
      if (retryAfterMs !== null) pausedUntil.set(chat, now() + retryAfterMs);
      throw error;
    }
  }

  return {
    /** @throws what `call` throws; OpsError `chat-unavailable` with the rest of a pause, without calling. */
    inTurn<T>(chat: string, call: () => Promise<T>): Promise<T> {
      const before = last.get(chat) ?? Promise.resolve();
      const mine = before.then(
        () => take(chat, call),
        () => take(chat, call),
      );
      last.set(chat, mine);
      const forget = () => {
        if (last.get(chat) === mine) last.delete(chat);
      };
      mine.then(forget, forget);
      return mine;
    },
  };
}
