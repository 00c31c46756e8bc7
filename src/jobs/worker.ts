import { DelayedError, type Job, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { OpsError } from "../core/errors.ts";
import { isOperationId, type OperationId } from "../core/names.ts";
import type { Operation } from "../core/operation.ts";
import { settle } from "./abort.ts";
import type { Claimed, Claims } from "./claims.ts";
import { PREFIX } from "./keys.ts";
import type { Delivery, Lane } from "./lanes.ts";
import { superseded } from "./store.ts";

/** A dead worker's operations are found after at most its lock's duration plus two checks: well within 30 s. */
const LOCK_DURATION_MS = 10_000;
const STALLED_INTERVAL_MS = 5_000;
/** Only the fallback: the end of the operation in front wakes the next one at once. */
const BEHIND_DELAY_MS = 2_000;
const CLOSE_LIMIT_MS = 12_000;
/** For what was being fetched when the worker was told to stop. */
const FETCH_LIMIT_MS = 2_000;

export interface LaneWorkerParts {
  readonly redis: Redis;
  readonly concurrency: number;
  readonly claims: Claims;
  /** Runs a claimed operation to its end; rejects when it has lost the right to. */
  readonly run: (claimed: Claimed) => Promise<Operation>;
  readonly wake: (id: OperationId) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

export interface LaneWorker {
  /** Call after the claims were abandoned. Bounded, also when Redis is away. */
  close(): Promise<void>;
}

export function startLaneWorker(lane: Lane, parts: LaneWorkerParts): LaneWorker {
  const { claims, onError } = parts;
  const atWork = new Set<Promise<void>>();

  async function process(job: Job<Delivery>, token: string | undefined): Promise<void> {
    const id = job.data.operationId;
    if (!isOperationId(id)) return;
    if (claims.abandoned()) return giveBack(job, token, 0);
    const claimed = await claims.take(id);
    if (claimed === null) return;
    if (claimed === "behind") return giveBack(job, token, BEHIND_DELAY_MS);
    try {
      await parts.run(claimed);
    } catch (error) {
      if (!(error instanceof OpsError) || error.code !== "superseded") throw error;
      if (claims.abandoned()) return await giveBack(job, token, 0);
      // The delivery is somebody else's by now; this error makes BullMQ leave it alone.
      throw new DelayedError();
    } finally {
      claims.forget(id);
    }
    const next = claimed.next();
    if (next) await parts.wake(next);
  }

  /** Frees the slot; somebody takes the delivery up again after `delayMs`. */
  async function giveBack(job: Job<Delivery>, token: string | undefined, delayMs: number): Promise<never> {
    // Who is stopping does not wait for a Redis that is away: the lock runs out instead.
    const isPointless = claims.abandoned() && parts.redis.status !== "ready";
    if (!isPointless) await job.moveToDelayed(Date.now() + delayMs, token);
    throw new DelayedError();
  }

  async function tracked(job: Job<Delivery>, token: string | undefined): Promise<void> {
    const work = process(job, token);
    atWork.add(work);
    try {
      await work;
    } finally {
      atWork.delete(work);
    }
  }

  const worker = new Worker<Delivery>(lane, tracked, {
    connection: parts.redis,
    prefix: PREFIX,
    concurrency: parts.concurrency,
    lockDuration: LOCK_DURATION_MS,
    stalledInterval: STALLED_INTERVAL_MS,
    // Whether an operation has ended is for its record to say, however often workers die.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
    // After Redis was away; the default of 15 s would idle away half of the 30 s.
    runRetryDelay: 1_000,
    skipVersionCheck: true,
  });
  worker.on("error", onError);
  worker.on("failed", (_job, error) => onError(error));
  worker.on("lockRenewalFailed", (ids) => {
    for (const id of ids) if (isOperationId(id)) claims.abort(id, superseded());
  });

  return {
    async close() {
      // Stops fetching at once. Its waiting never ends while Redis is away, not even with nothing left to do, so we wait on our own.
      const closing = worker.close();
      const ended = await settle(atWork, CLOSE_LIMIT_MS);
      if (parts.redis.status === "ready") await settle([closing], FETCH_LIMIT_MS);
      if (ended) return;
      onError(new Error(`The ${lane} worker did not stop within ${CLOSE_LIMIT_MS / 1000} s and was left behind.`));
    },
  };
}
