import type { OpsError } from "../../core/errors.ts";
import { slowDown } from "./errors.ts";

/** What a call is about. Telegram counts kinds of calls on their own. */
export interface About {
  readonly chat: string;
  readonly kind: "post" | "edit" | "remove" | "typing";
}

/**
 * Calls about one chat, one after the other: answers and status messages come from different places of Creel, and when Telegram wants to be
 * left alone with one kind of calls (429 with `retry_after`), whoever makes one all the same is made to wait longer.
 */
export function createTurns(elapsed: () => number, ops: (error: unknown) => OpsError) {
  const last = new Map<string, Promise<unknown>>();
  const pauses = new Map<string, { readonly fromMs: number; readonly ms: number }>();

  function checkPause(key: string): void {
    const pause = pauses.get(key);
    const passedMs = pause === undefined ? 0 : elapsed() - pause.fromMs;
    if (pause !== undefined && passedMs < pause.ms) throw slowDown([], pause.ms - passedMs);
    pauses.delete(key);
  }

  async function take<T>({ chat, kind }: About, call: () => Promise<T>): Promise<T> {
    const key = `${chat} ${kind}`;
    checkPause(key);
    try {
      return await call();
    } catch (error) {
      const { retryAfterMs } = ops(error);
      if (retryAfterMs !== null) pauses.set(key, { fromMs: elapsed(), ms: retryAfterMs });
      throw error;
    }
  }

  return {
    /** @throws what `call` throws; OpsError `chat-unavailable` with the rest of a pause, without calling. */
    inTurn<T>(about: About, call: () => Promise<T>): Promise<T> {
      const { chat } = about;
      const before = last.get(chat) ?? Promise.resolve();
      const mine = before.then(
        () => take(about, call),
        () => take(about, call),
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
