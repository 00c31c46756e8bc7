import type { ChannelMemory, ChatName, Place } from "../../core/chat.ts";
import { asOpsError, OpsError } from "../../core/errors.ts";
import type { OperationId } from "../../core/names.ts";
import type { Operation } from "../../core/operation.ts";
import type { Posted } from "../channel.ts";
import type { AlertTarget } from "./alert-place.ts";
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
  /** Its outcome as it is in `operation` was told there. Idempotent; nothing when it has gone on since then. */
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
  /** Places for alerts in other chats, for when this one does not let Creel in any more. */
  readonly elsewhere: () => readonly AlertTarget[];
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
  /**
   * Idempotent; also for an operation that has been told. `status`: a message that becomes its status message, unless it has one already;
   * null: a new one is posted.
   */
  follow(operation: Operation, status?: Posted | null): void;
  /** Shows the latest of everything and stops. Resolves when nothing is under way any more, at the latest when the outbox is stopped. */
  close(): Promise<void>;
}

/** Finds what nobody has begun to follow, such as an operation whose reply was lost. */
const SWEEP_MS = 60_000;

export function createFollower(parts: FollowerParts): Follower {
  const { channel, feed, clock, onError } = parts;
  const closing = new AbortController();
  const running = new Map<OperationId, Followed & { readonly run: Promise<void> }>();
  /** Asked for while it is still followed to an end before: it may have been stuck, and goes on. */
  const wanted = new Map<OperationId, Operation>();

  const follow = (operation: Operation, status: Posted | null = null) => {
    const { id, place } = operation;
    if (place === null || place.channel !== channel || closing.signal.aborted) return;
    const already = running.get(id);
    if (already !== undefined) {
      // The sweep was faster than whoever pressed the message.
      already.offered ??= status;
      return void wanted.set(id, operation);
    }
    const followed: Followed = { operation, place, offered: status };
    const run = followToTheEnd(parts, followed, closing.signal)
      .catch((error: unknown) => {
        // Once closing, nothing can be told any more; the next process takes it up.
        if (!closing.signal.aborted) onError(asOpsError(error));
      })
      .finally(() => {
        running.delete(id);
        const again = wanted.get(id);
        wanted.delete(id);
        if (again !== undefined) follow(again);
      });
    running.set(id, Object.assign(followed, { run }));
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
      await Promise.all([...running.values()].map(({ run }) => run));
    },
  };
}

interface Followed {
  readonly operation: Operation;
  readonly place: Place;
  /** A message to be its status message, until it is taken. */
  offered: Posted | null;
}

async function followToTheEnd(parts: FollowerParts, followed: Followed, closing: AbortSignal): Promise<void> {
  const { outbox, feed, clock, onError } = parts;
  const { operation, place } = followed;
  const { id } = operation;
  const patiently = <T>(call: () => Promise<T>) => persistently(clock, closing, call);
  // Told already, when the same request is delivered once more.
  if (!(await patiently(() => feed.isUntold(operation)))) return;

  const records = createFollowRecords(parts.memory);
  const record = await patiently(() => records.load(id));
  const latest = createLatest(operation, clock);
  const save = (changed: typeof record) => patiently(() => records.save(id, changed));
  const takeOffered = () => {
    const { offered } = followed;
    followed.offered = null;
    return offered;
  };
  const status = createStatusMessage({ outbox, clock, latest, place, record, save, takeOffered, onError });
  const ended = new AbortController();
  const stop = AbortSignal.any([ended.signal, closing]);
  const shown = showToTheEnd(status, latest, clock, stop);
  const told = watch(parts, latest, place, stop).then(async () => {
    if (!latest.isOver() || status.record().toldEndMs === latest.get().endedAtMs) return;
    // Below the status message, but not after whatever redraws it waits for.
    await Promise.race([status.begun, shown]);
    await tellOutcome(parts, latest.get(), place, status.record());
    await status.outcomeTold();
  });
  try {
    const [isOver] = await Promise.all([shown, told]);
    if (!isOver) return;
    await patiently(() => feed.told(latest.get()));
    await patiently(() => records.remove(id));
  } finally {
    // When watching failed, nothing of this is left under way: it begins anew with the next sweep.
    ended.abort();
    await Promise.allSettled([shown, told]);
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
    const drawnAtMs = clock.elapsed();
    for (;;) {
      const isLatest = drawn === latest.get();
      if (isLatest && (latest.isOver() || stop.aborted)) return latest.isOver();
      // What is not certain is certain enough for who leaves.
      if (stop.aborted && drawn === null) return false;
      const drawAtMs = nextDraw(latest, drawn, drawnAtMs);
      const threadAtMs = nextThread(latest, status.record());
      if (latest.isOver() || stop.aborted || isRedrawDue(clock.elapsed(), drawAtMs, threadAtMs)) break;
      if (clock.elapsed() >= threadAtMs) await status.openThread();
      else await latest.wait(Math.min(drawAtMs, threadAtMs), stop);
    }
  }
}

/** A thread is asked for once, redraws come again. */
function isRedrawDue(nowMs: number, drawAtMs: number, threadAtMs: number): boolean {
  return nowMs >= drawAtMs && nowMs < threadAtMs;
}
