import { setTimeout as delay } from "node:timers/promises";
import type { OpsError } from "../../core/errors.ts";
import type { Skip } from "../skipped.ts";
import { createBacklog } from "./backlog.ts";
import { type Client, grammySignal, POLL_SECONDS } from "./client.ts";
import { LATE_MS } from "./dispatch.ts";
import { isConflict } from "./errors.ts";
import type { Health } from "./health.ts";
import { pause } from "./pause.ts";
import { ALLOWED_UPDATES, readUpdate, type Update } from "./update.ts";

/** Most is dealt with this soon; until then there is no hurry to look for more. */
const SOON_MS = 100;
/**
 * How soon to look for more from the same update on. Within half a second the server would only tell the first one
 * (`process_get_updates_query` in tdlib/telegram-bot-api).
 */
const LOOK_AGAIN_MS = 700;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** A single conflict passes by itself: `creel doctor` asked, or the process before this one had not quite ended. */
const FIRST_CONFLICT_MS = 3_000;
const CLOSE_MS = 5_000;
const MOST_UPDATES = 100;

interface PollingParts {
  readonly client: Client;
  readonly health: Health;
  /** Resolves when the update needs not be delivered again. Never throws. */
  readonly handle: (update: Update) => Promise<void>;
  readonly onError: (error: unknown) => void;
  readonly skip: Skip;
  readonly now: () => number;
}

/**
 * Reads updates until closed. grammY's own `bot.start()` is not used: it handles one update after the other, so a slow answer would hold
 * up everybody; and when its middleware does not wait, its next request confirms commands that nobody has written down
 * yet. Here updates are handled side by side, and the offset only passes those that are dealt with. While a slow one holds it
 * back, Telegram answers at once with what was seen already, so the next look is taken a moment later.
 */
export function startPolling({ client, health, handle, onError, skip, now }: PollingParts) {
  const backlog = createBacklog();
  const stopped = new AbortController();
  const working = new Set<Promise<void>>();
  let failures = 0;
  /** When nothing waited at Telegram; before the first look that is not known. */
  let emptyAtMs = Number.NEGATIVE_INFINITY;

  function begin(value: unknown, waited: boolean): void {
    const update = readUpdate(value);
    if (update === null) skip("an update");
    if (update === null || !backlog.take(update.id)) return;
    const work: Promise<void> = handle({ ...update, waited }).finally(() => {
      backlog.done(update.id);
      working.delete(work);
    });
    working.add(work);
  }

  async function look(): Promise<void> {
    const offset = backlog.offset;
    const startMs = performance.now();
    const askedAtMs = now();
    // The first look does not wait: what it brings was there before.
    const timeout = backlog.working || emptyAtMs === Number.NEGATIVE_INFINITY ? 0 : POLL_SECONDS;
    const options = { offset, limit: MOST_UPDATES, timeout, allowed_updates: ALLOWED_UPDATES };
    const updates = await client.polling.getUpdates(options, grammySignal(stopped.signal));
    failures = 0;
    health.works("token");
    health.works("conflict");
    // Those that come in after the end are delivered to whoever asks next.
    if (stopped.signal.aborted) return;
    const waited = askedAtMs - emptyAtMs > LATE_MS;
    for (const update of updates) begin(update, waited);
    if (updates.length < MOST_UPDATES) emptyAtMs = now();
    await settled(SOON_MS);
    if (backlog.offset !== offset || updates.length === 0) return;
    const left = startMs + LOOK_AGAIN_MS - performance.now();
    if (working.size > 0) await settled(left);
    // Something that is no update, and so can never be passed.
    else await pause(FIRST_RETRY_MS, now, stopped.signal);
  }

  /** When everything is dealt with, or after `ms`, or when there is a hurry. */
  async function settled(ms: number, hurry = stopped.signal): Promise<void> {
    if (working.size === 0 || ms <= 0) return;
    const patience = new AbortController();
    const signal = AbortSignal.any([hurry, patience.signal]);
    await Promise.race([Promise.all(working), delay(ms, undefined, { signal }).catch(() => undefined)]);
    patience.abort();
  }

  /** How long to wait before the next try. */
  function failed(error: unknown): number {
    failures += 1;
    const known = client.ops(error);
    if (isConflict(error)) {
      if (failures === 1) return FIRST_CONFLICT_MS;
      health.refused("conflict", known);
      return LONGEST_RETRY_MS;
    }
    if (known.code === "chat-refused") {
      health.refused("token", known);
      return LONGEST_RETRY_MS;
    }
    if (failures === 1) onError(known);
    return retryMs(known, failures);
  }

  async function run(): Promise<void> {
    while (!stopped.signal.aborted) {
      try {
        await look();
      } catch (error) {
        if (!stopped.signal.aborted) await pause(failed(error), now, stopped.signal);
      }
    }
  }

  const ended = run();

  return {
    /** Gives what is being worked on a moment to end, and tells Telegram what needs not be delivered again. */
    async close(): Promise<void> {
      if (stopped.signal.aborted) return ended;
      stopped.abort();
      await ended;
      await settled(CLOSE_MS, new AbortController().signal);
      if (backlog.offset === 0) return;
      const confirm = client.api.getUpdates(
        { offset: backlog.offset, limit: 1, timeout: 0 },
        grammySignal(AbortSignal.timeout(2_000)),
      );
      // What is not confirmed is delivered once more, and recognised by its number.
      await confirm.catch(() => undefined);
    },
  };
}

export function retryMs({ retryAfterMs }: OpsError, failures: number): number {
  return retryAfterMs ?? Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10));
}
