import type { ChannelMemory, ChatName, Place } from "../../core/chat.ts";
import { asOpsError, OpsError } from "../../core/errors.ts";
import type { OperationId } from "../../core/names.ts";
import type { Operation } from "../../core/operation.ts";
import type { Clock } from "./clock.ts";
import { createFollowRecords } from "./follow-record.ts";
import { createLatest, type Latest } from "./latest.ts";
import type { Outbox } from "./outbox.ts";
import { tellOutcome } from "./outcome.ts";
import { persistently } from "./retry.ts";
import { nextDraw, nextThread } from "./rhythm.ts";
import { createStatusMessage, type StatusMessage } from "./status-message.ts";

/** What a follower needs of operations; `Operations` has it all. May throw OpsError `store-unavailable`. */
export interface OperationFeed {
  /** The record now and after every change, until it has ended (last one included) or `signal` aborts. May skip states in between. */
  watch(id: OperationId, signal: AbortSignal): AsyncIterable<Operation>;
  /** Operations asked for in this chat whose outcome has not been told there yet. */
  untold(channel: ChatName): Promise<Operation[]>;
  /** Whether its outcome still has to be told. */
  isUntold(operation: Operation): Promise<boolean>;
  /** Idempotent. */
  told(operation: Operation): Promise<void>;
}

export interface FollowerParts {
  readonly channel: ChatName;
  readonly outbox: Outbox;
  readonly feed: OperationFeed;
  readonly memory: ChannelMemory;
  readonly clock: Clock;
  /** This chat's place for alerts, for outcomes that cannot be told where they belong; null: there is none. */
  readonly alerts: Place | null;
  /** Hears of defects and of what could not be told. */
  readonly onError: (error: OpsError) => void;
}

/**
 * Shows the operations that were asked for in one chat, from the queue to their outcome, in one message each that is redrawn, and tells
 * the outcome in a new one. An operation counts as told only then: whatever dies before, the next process goes on from the operation's
 * journal and a small record of what was posted, and posts again under the same keys.
 */
export interface Follower {
  /** Takes up what has not been told yet, now and every minute. */
  start(): void;
  /** Idempotent; also for an operation that has been told. */
  follow(operation: Operation): void;
  /** Shows the latest of everything and stops. Resolves when nothing is under way any more, at the latest when the outbox is stopped. */
  close(): Promise<void>;
}

/** Finds what nobody has begun to follow, such as an operation whose reply was lost. */
const SWEEP_MS = 60_000;

export function createFollower(parts: FollowerParts): Follower {
  const { channel, feed, clock, onError } = parts;
  const closing = new AbortController();
  const running = new Map<OperationId, Promise<void>>();

  const follow = (operation: Operation) => {
    const { id, place } = operation;
    if (place === null || place.channel !== channel || running.has(id) || closing.signal.aborted) return;
    const run = followToTheEnd(parts, operation, place, closing.signal)
      .catch((error: unknown) => {
        // Once closing, nothing can be told any more; the next process takes it up.
        if (!closing.signal.aborted) onError(asOpsError(error));
      })
      .finally(() => running.delete(id));
    running.set(id, run);
  };
  const sweep = async () => {
    while (!closing.signal.aborted) {
      try {
        for (const operation of await persistently(clock, closing.signal, () => feed.untold(channel)))
          follow(operation);
      } catch (error) {
        if (!closing.signal.aborted) onError(asOpsError(error));
      }
      await clock.sleep(SWEEP_MS, closing.signal);
    }
  };

  return {
    start: () => void sweep(),
    follow,
    async close() {
      closing.abort();
      await Promise.all(running.values());
    },
  };
}

async function followToTheEnd(
  parts: FollowerParts,
  operation: Operation,
  place: Place,
  closing: AbortSignal,
): Promise<void> {
  const { outbox, feed, clock, onError } = parts;
  const { id } = operation;
  const patiently = <T>(call: () => Promise<T>) => persistently(clock, closing, call);
  // Told already, when the same request is delivered once more.
  if (!(await patiently(() => feed.isUntold(operation)))) return;

  const records = createFollowRecords(parts.memory);
  const record = await patiently(() => records.load(id));
  const latest = createLatest(operation, clock);
  const save = (changed: typeof record) => patiently(() => records.save(id, changed));
  const status = createStatusMessage({ outbox, clock, latest, place, record, save, onError });
  const ended = new AbortController();
  const stop = AbortSignal.any([ended.signal, closing]);
  const shown = showToTheEnd(status, latest, clock, stop);
  try {
    const isOver = await Promise.race([shown, watch(parts, latest, place, stop).then(() => shown)]);
    if (!isOver) return;
    await tellOutcome(parts, latest.get(), place, status.record());
    await patiently(() => feed.told(latest.get()));
    await patiently(() => records.remove(id));
  } finally {
    // When watching failed, nothing of this is left under way: it begins anew with the next sweep.
    ended.abort();
    await shown.catch(() => undefined);
  }
}

/** Resolves when the operation has ended or `signal` aborts. @throws OpsError when it cannot be watched to its end. */
async function watch(parts: FollowerParts, latest: Latest, place: Place, signal: AbortSignal): Promise<void> {
  const { feed, outbox, clock } = parts;
  await persistently(clock, signal, async () => {
    for await (const operation of feed.watch(latest.get().id, signal)) {
      latest.set(operation);
      if (latest.isOver()) outbox.reconsider(place);
    }
  });
  if (latest.isOver() || signal.aborted) return;
  throw new OpsError({ code: "not-found", userMessage: `Operation ${latest.get().id} is not there any more.` });
}

/** false when `stop` aborts before the operation's end has been shown. */
async function showToTheEnd(status: StatusMessage, latest: Latest, clock: Clock, stop: AbortSignal): Promise<boolean> {
  for (;;) {
    const drawn = await status.draw();
    const drawnAtMs = clock.now();
    for (;;) {
      const isLatest = drawn === latest.get();
      if (isLatest && (latest.isOver() || stop.aborted)) return latest.isOver();
      // What is not certain is certain enough for who leaves.
      if (stop.aborted && drawn === null) return false;
      const drawAtMs = nextDraw(latest, drawn, drawnAtMs);
      const threadAtMs = nextThread(latest, status.record());
      if (latest.isOver() || stop.aborted || clock.now() >= drawAtMs) break;
      if (clock.now() >= threadAtMs) await status.openThread();
      else await latest.wait(Math.min(drawAtMs, threadAtMs), stop);
    }
  }
}
