import { setImmediate } from "node:timers/promises";
import { OpsError } from "../../core/errors.ts";
import type { Operation } from "../../core/operation.ts";
import type { Journal } from "../../operations/journal.ts";

const SOON_INTERVAL_MS = 250;
const RETRY_BASE_MS = 100;
const RETRY_MAX_MS = 2000;

/** The record of a running operation in memory, and the only one who writes it: one save at a time, several changes in one save. */
export interface Checkpoints {
  current(): Operation;
  /** Changes the record in memory; nothing is durable before `flush`. */
  change(how: (operation: Operation) => Operation): void;
  /** Returns when everything changed so far is durable. Rejects with what made the journal stop, also for earlier changes. */
  flush(): Promise<void>;
  /** Like `flush`, in the background. */
  begin(): void;
  /** Saves in the background, at most four times a second; the newest record wins. */
  soon(): void;
  /** Drops what `soon` still has in mind. */
  close(): void;
}

/**
 * A journal that is only away for a moment (OpsError with retry "later") is tried again until it is back: an operation does not fail
 * because the store restarts. Any other error is final; `onStop` hears of it once, at once.
 */
export function createCheckpoints(
  journal: Journal,
  first: Operation,
  sleep: (ms: number, signal: AbortSignal) => Promise<void>,
  onStop: (error: unknown) => void,
): Checkpoints {
  let record = first;
  let changes = 1;
  let durable = 0;
  let saving: Promise<void> | null = null;
  let failed: { readonly error: unknown } | null = null;
  let timer: NodeJS.Timeout | null = null;
  let lastSoonMs = Number.NEGATIVE_INFINITY;

  async function saveOnce(): Promise<void> {
    // What else happens in this tick, such as the start of the next step, goes into the same save.
    await setImmediate();
    const upTo = changes;
    try {
      await saveUntilBack(record);
      durable = upTo;
    } catch (error) {
      failed = { error };
      onStop(error);
      throw error;
    }
  }

  async function saveUntilBack(operation: Operation): Promise<void> {
    for (let waitMs = RETRY_BASE_MS; ; waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)) {
      try {
        return await journal.save(operation);
      } catch (error) {
        if (!(error instanceof OpsError) || error.retry !== "later") throw error;
        journal.lost.throwIfAborted();
        // Not cut short by a cancellation: that has to be written down as well.
        await sleep(waitMs, new AbortController().signal);
      }
    }
  }

  async function flush(): Promise<void> {
    const wanted = changes;
    while (durable < wanted) {
      if (failed) throw failed.error;
      saving ??= saveOnce().finally(() => {
        saving = null;
      });
      await saving;
    }
  }

  function begin(): void {
    // The error is not lost: `onStop` has it, and every later flush rejects with it.
    flush().catch(() => undefined);
  }

  return {
    current: () => record,
    change(how) {
      record = how(record);
      changes += 1;
    },
    flush,
    begin,
    soon() {
      if (timer) return;
      const waitMs = Math.max(0, lastSoonMs + SOON_INTERVAL_MS - performance.now());
      timer = setTimeout(() => {
        timer = null;
        lastSoonMs = performance.now();
        begin();
      }, waitMs);
    },
    close() {
      if (timer) clearTimeout(timer);
      timer = null;
    },
  };
}
