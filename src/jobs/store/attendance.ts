import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { z } from "zod";
import type { Lane } from "../../core/lane.ts";
import { settle } from "../abort.ts";
import { orStoreError } from "./connection.ts";
import { keys } from "./keys.ts";
import { createPulse } from "./pulse.ts";
import { orReason, parseStored, storedText } from "./record.ts";

const BEAT_MS = 5_000;
/** Four beats that nobody has seen. */
const DEAD_MS = 20_000;
/** A Redis that hangs may not keep Creel from ending. */
const GOODBYE_MS = 2_000;
/** Who asks often is answered from what was seen just now. */
const FRESH_MS = 1_000;

const presenceSchema = z.object({ lanes: z.array(z.string()), beat: z.number() });

/** Which lanes have workers that are alive, in whatever process. */
export interface Attendance {
  /**
   * Whether an operation on this lane will be taken. Of a worker that died it takes 20 s of watching until that is known.
   * @throws OpsError `store-unavailable`.
   */
  isServed(lane: Lane): Promise<boolean>;
  /** All lanes that are served. @throws as `isServed`. */
  served(): Promise<ReadonlySet<Lane>>;
}

/** `elapsed`: ms since some moment, whatever is done to the clock. */
export function createAttendance(redis: Redis, elapsed: () => number): Attendance {
  const pulse = createPulse(elapsed, DEAD_MS);
  let latest: { readonly lanes: Promise<ReadonlySet<Lane>>; readonly atMs: number } | null = null;

  async function look(): Promise<ReadonlySet<Lane>> {
    const found = new Map(Object.entries(await orStoreError(redis.hgetall(keys.workers))));
    const alive = pulse.look(found);
    // One that stands there dead would be seen by every process anew; it writes itself down again if it is not.
    const dead = [...found.keys()].filter((name) => !alive.has(name));
    if (dead.length > 0) await orStoreError(redis.hdel(keys.workers, ...dead));
    return new Set([...alive].flatMap((name) => lanesIn(found.get(name) ?? "", name)));
  }

  async function served(): Promise<ReadonlySet<Lane>> {
    if (latest === null || elapsed() - latest.atMs >= FRESH_MS) latest = { lanes: look(), atMs: elapsed() };
    try {
      return await latest.lanes;
    } catch (error) {
      latest = null;
      throw error;
    }
  }

  return { served, isServed: async (lane) => (await served()).has(lane) };
}

function lanesIn(text: string, name: string): readonly Lane[] {
  const presence = orReason(() => parseStored(presenceSchema, text, { kind: "key", name }));
  return typeof presence === "string" ? [] : presence.lanes;
}

/** Lets others know that a worker in this process serves `lanes`, until it is closed, which is bounded. */
export function attend(
  redis: Redis,
  lanes: readonly Lane[],
  onError: (error: unknown) => void,
): { close(): Promise<void> } {
  const me = randomUUID();
  let beat = 0;
  let isClosing = false;
  let writing = Promise.resolve();
  const failed = (error: unknown) => {
    // Who goes before it was ever connected leaves nothing behind, and that is no news.
    if (!isClosing) onError(error);
  };
  const write = () => {
    beat += 1;
    writing = redis.hset(keys.workers, me, storedText({ lanes, beat })).then(() => undefined, failed);
  };
  write();
  const beats = setInterval(write, BEAT_MS);
  return {
    async close() {
      isClosing = true;
      clearInterval(beats);
      // Who goes without a Redis that answers is missed a little later.
      if (redis.status !== "ready") return;
      await settle([writing.then(() => redis.hdel(keys.workers, me)).catch(failed)], GOODBYE_MS);
    },
  };
}
