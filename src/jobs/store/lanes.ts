import { setImmediate } from "node:timers/promises";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import type { Lane } from "../../core/lane.ts";
import { isOperationId, type OperationId } from "../../core/names.ts";
import { settle } from "../abort.ts";
import { orStoreError } from "./connection.ts";
import { keys, LANE_PREFIX, PREFIX } from "./keys.ts";
import { isOldLane, type Lanes, OLD_LANES } from "./port.ts";

/** A dead worker's operations are found after at most its lock's duration plus two checks: well within 30 s. */
export const LOCK_DURATION_MS = 10_000;
export const STALLED_INTERVAL_MS = 5_000;
const CLOSE_LIMIT_MS = 1000;

export interface Delivery {
  readonly operationId: string;
}

export function createLanes(redis: Redis, onError: (error: unknown) => void): Lanes {
  const underWay = new Set<Promise<void>>();
  const queues = new Map<Lane, Queue<Delivery>>();
  /** Lanes of operations. */
  const met = new Set<Lane>();

  function queueFor(lane: Lane): Queue<Delivery> | null {
    met.add(lane);
    return queueOf(lane);
  }

  function queueOf(lane: Lane): Queue<Delivery> | null {
    const known = queues.get(lane);
    if (known !== undefined) return known;
    // What BullMQ makes no queue of.
    if (lane === "" || lane.includes(":")) return null;
    const prefix = isOldLane(lane) ? PREFIX : LANE_PREFIX;
    const queue = new Queue<Delivery>(lane, { connection: redis, prefix, skipVersionCheck: true });
    queue.on("error", onError);
    queues.set(lane, queue);
    return queue;
  }

  /** Of all lanes that ever had an operation; of an older Creel's, those on which one was met, unless `old` names them. */
  async function allQueues(old: readonly Lane[] = []): Promise<Queue<Delivery>[]> {
    const lanes = await orStoreError(redis.smembers(keys.lanes));
    return [...new Set([...old, ...lanes, ...met])].flatMap((lane) => queueOf(lane) ?? []);
  }

  async function add(queue: Queue<Delivery>, id: OperationId): Promise<void> {
    const options = { jobId: id, removeOnComplete: true, removeOnFail: true };
    await queue.add("operation", { operationId: id }, options);
  }

  async function deliver(lane: Lane, id: OperationId): Promise<void> {
    const queue = queueFor(lane);
    if (queue !== null) await add(queue, id);
  }

  return {
    deliver(lane, id) {
      // After the answers to those who wait for one: preparing a delivery takes longer than that.
      const delivery = setImmediate().then(() => deliver(lane, id));
      underWay.add(delivery);
      delivery.catch(onError).finally(() => underWay.delete(delivery));
    },
    async ensure(lane, id) {
      const queue = queueFor(lane);
      if (queue === null) return;
      const state = await queue.getJobState(id);
      // A finished delivery of an operation that has not ended blocks its id.
      if (state === "completed" || state === "failed") await queue.remove(id);
      if (state === "completed" || state === "failed" || state === "unknown") await add(queue, id);
    },
    async isAtWork(lane, id) {
      return (await queueFor(lane)?.getJobState(id)) === "active";
    },
    async withdraw(lane, id) {
      const queue = queueFor(lane);
      if (queue === null) return true;
      const isHeld = (await redis.exists(`${queue.toKey(id)}:lock`)) === 1;
      if (!isHeld) await queue.remove(id);
      return !isHeld;
    },
    async heedClock() {
      for (const queue of await allQueues()) {
        const check = queue.toKey("stalled-check");
        if ((await redis.pttl(check)) > STALLED_INTERVAL_MS) await redis.del(check);
        for (const { id } of await queue.getActive()) {
          const lock = `${queue.toKey(id ?? "")}:lock`;
          // Who holds it renews it long before that.
          if ((await redis.pttl(lock)) > LOCK_DURATION_MS) await redis.pexpire(lock, LOCK_DURATION_MS);
        }
        // Of a Creel that still put deliveries off.
        if ((await queue.getDelayedCount()) > 0) await queue.promoteJobs();
      }
    },
    async reclaim() {
      for (const queue of await allQueues(OLD_LANES)) {
        for (const { id } of await queue.getActive()) {
          if (id === undefined || !isOperationId(id)) continue;
          // The dead worker's lock would keep the delivery where it is until it runs out.
          await redis.del(`${queue.toKey(id)}:lock`);
          await queue.remove(id);
          await add(queue, id);
        }
      }
    },
    async close() {
      await settle(underWay, CLOSE_LIMIT_MS);
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}
