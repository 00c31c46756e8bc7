import { setImmediate } from "node:timers/promises";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { OpsError } from "../core/errors.ts";
import { isOperationId, type OperationId } from "../core/names.ts";
import type { OperationDefinition } from "../operations/definition.ts";
import { settle } from "./abort.ts";
import { PREFIX } from "./keys.ts";

export type Lane = OperationDefinition["lane"];
export const LANES: readonly Lane[] = ["hosts", "snapshots"];

const CLOSE_LIMIT_MS = 1000;

export interface Delivery {
  readonly operationId: string;
}

/** BullMQ's side of things: one queue per lane. A delivery carries nothing but the operation's id, and may come twice or late. */
export interface Lanes {
  /** In the background, for an operation that is new. */
  deliver(lane: string, id: OperationId): void;
  /** Delivers it if its delivery is lost or used up; cheap when all is well. */
  ensure(lane: string, id: OperationId): Promise<void>;
  /** Like `ensure`, and lets a delivery that waits for its turn go at once. */
  wake(lane: string, id: OperationId): Promise<void>;
  /** Delivers again what workers had that no longer exist. Only while no worker runs anywhere. */
  reclaim(): Promise<void>;
  close(): Promise<void>;
}

export function createLanes(redis: Redis, onError: (error: unknown) => void): Lanes {
  const underWay = new Set<Promise<void>>();
  const queues = new Map<string, Queue<Delivery>>();
  for (const lane of LANES) {
    const queue = new Queue<Delivery>(lane, { connection: redis, prefix: PREFIX, skipVersionCheck: true });
    queue.on("error", onError);
    queues.set(lane, queue);
  }

  function queueOf(lane: string): Queue<Delivery> {
    const queue = queues.get(lane);
    if (!queue) throw new OpsError({ code: "internal", userMessage: `There is no lane "${lane}".` });
    return queue;
  }

  async function deliver(lane: string, id: OperationId): Promise<void> {
    const options = { jobId: id, removeOnComplete: true, removeOnFail: true };
    await queueOf(lane).add("operation", { operationId: id }, options);
  }

  async function ensure(lane: string, id: OperationId): Promise<string> {
    const state = await queueOf(lane).getJobState(id);
    // A finished delivery of an operation that has not ended blocks its id.
    if (state === "completed" || state === "failed") await queueOf(lane).remove(id);
    if (state === "completed" || state === "failed" || state === "unknown") await deliver(lane, id);
    return state;
  }

  return {
    deliver(lane, id) {
      // After the answers to those who wait for one: preparing a delivery takes longer than that.
      const delivery = setImmediate().then(() => deliver(lane, id));
      underWay.add(delivery);
      delivery.catch(onError).finally(() => underWay.delete(delivery));
    },
    async ensure(lane, id) {
      await ensure(lane, id);
    },
    async wake(lane, id) {
      if ((await ensure(lane, id)) !== "delayed") return;
      const waiting = await queueOf(lane).getJob(id);
      await waiting?.promote();
    },
    async reclaim() {
      for (const [lane, queue] of queues) {
        for (const { id } of await queue.getActive()) {
          if (id === undefined || !isOperationId(id)) continue;
          // The dead worker's lock would keep the delivery where it is until it runs out.
          await redis.del(`${queue.toKey(id)}:lock`);
          await queue.remove(id);
          await deliver(lane, id);
        }
      }
    },
    async close() {
      await settle(underWay, CLOSE_LIMIT_MS);
      await Promise.all([...queues.values()].map((queue) => queue.close()));
    },
  };
}
