import { type Job, WaitingError, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { OpsError } from "../../core/errors.ts";
import type { Lane } from "../../core/lane.ts";
import { isOperationId, type OperationId } from "../../core/names.ts";
import { settle } from "../abort.ts";
import { LANE_PREFIX } from "./keys.ts";
import { type Delivery, LOCK_DURATION_MS, STALLED_INTERVAL_MS } from "./lanes.ts";

const IDLE_LOOK_S = 20;
const CLOSE_LIMIT_MS = 12_000;
/** For what was being fetched when the worker was told to stop. */
const FETCH_LIMIT_MS = 2_000;

/** What a worker has taken in hand. */
interface Taken {
  /** After its end: whose turn it is next, if anybody waits. */
  next(): OperationId | null;
  release(): void;
}

export interface LaneWorkerParts<Claimed extends Taken> {
  readonly redis: Redis;
  readonly concurrency: number;
  readonly claims: {
    /** null and `behind`: there is nothing to do with it now. */
    take(id: OperationId): Promise<Claimed | "behind" | null>;
    lose(id: OperationId): void;
    abandoned(): boolean;
  };
  /** Runs what was taken to its end; rejects with `superseded` when the right to is lost. */
  readonly run: (claimed: Claimed) => Promise<unknown>;
  readonly wake: (id: OperationId) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

export interface LaneWorker {
  /** Call after the claims were abandoned. Bounded, also when Redis is away. */
  close(): Promise<void>;
}

export function startLaneWorker<Claimed extends Taken>(lane: Lane, parts: LaneWorkerParts<Claimed>): LaneWorker {
  const { claims, onError } = parts;
  const atWork = new Set<Promise<void>>();

  async function process(job: Job<Delivery>, token: string | undefined): Promise<void> {
    const id = job.data.operationId;
    if (!isOperationId(id)) return;
    if (claims.abandoned()) return giveBack(job, token);
    const claimed = await claims.take(id);
    // What waits for its turn is delivered again by the end of the operation in front or, when that is missed, by the sweep; what waits for
    // workers elsewhere is delivered to them by now.
    if (claimed === null || claimed === "behind") return;
    try {
      await parts.run(claimed);
    } catch (error) {
      if (!(error instanceof OpsError) || error.code !== "superseded") throw error;
      if (claims.abandoned()) return await giveBack(job, token);
      // The delivery is somebody else's by now; this error makes BullMQ leave it alone.
      throw new WaitingError();
    } finally {
      claimed.release();
    }
    const next = claimed.next();
    if (next) await parts.wake(next);
  }

  /** Frees the slot; another worker takes the delivery up. Nothing is put off until some time, which a clock that is set back moves away. */
  async function giveBack(job: Job<Delivery>, token: string | undefined): Promise<never> {
    // Who is stopping does not wait for a Redis that is away: the lock runs out instead.
    const isPointless = claims.abandoned() && parts.redis.status !== "ready";
    if (!isPointless) await job.moveToWait(token);
    throw new WaitingError();
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
    prefix: LANE_PREFIX,
    concurrency: parts.concurrency,
    lockDuration: LOCK_DURATION_MS,
    stalledInterval: STALLED_INTERVAL_MS,
    // A delivery wakes it at once; this is only how often it looks in vain.
    drainDelay: IDLE_LOOK_S,
    // Whether an operation has ended is for its record to say, however often workers die.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
    // After Redis was away; the default of 15 s would idle away half of the 30 s.
    runRetryDelay: 1_000,
    skipVersionCheck: true,
  });
  let isClosing = false;
  // A connection that is still being made when Redis is stopped behind it is no news.
  worker.on("error", (error) => isClosing || onError(error));
  worker.on("failed", (_job, error) => onError(error));
  worker.on("lockRenewalFailed", (ids) => {
    for (const id of ids) if (isOperationId(id)) claims.lose(id);
  });

  return {
    async close() {
      isClosing = true;
      // Stops fetching at once. Its waiting never ends while Redis is away, not even with nothing left to do, so we wait on our own.
      const closing = worker.close();
      const ended = await settle(atWork, CLOSE_LIMIT_MS);
      if (parts.redis.status === "ready") await settle([closing], FETCH_LIMIT_MS);
      if (ended) return;
      onError(new Error(`The ${lane} worker did not stop within ${CLOSE_LIMIT_MS / 1000} s and was left behind.`));
    },
  };
}
