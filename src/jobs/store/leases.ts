import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Redis } from "ioredis";
import { z } from "zod";
import type { Held, Leases } from "../../core/lease.ts";
import { keys } from "./keys.ts";
import { createPulse } from "./pulse.ts";
import { LEASE, RELEASE, runScript } from "./scripts.ts";

const BEAT_MS = 5_000;
/** Whoever could not renew it for so long lets go: before others, who wait for `DEAD_MS`, may have it. */
const LOST_MS = 15_000;
const DEAD_MS = 25_000;

const reply = z.union([z.tuple([z.literal("held"), z.number()]), z.tuple([z.literal("other"), z.string()])]);

export interface LeaseTimes {
  readonly beatMs: number;
  readonly lostMs: number;
  readonly deadMs: number;
}

/**
 * Leases that no clock decides about: who has one changes it again and again, and who wants it takes it when it has not changed for long enough
 * of their own time. `onError` hears of a Redis that does not answer.
 */
export function createLeases(
  redis: Redis,
  onError: (error: unknown) => void,
  { beatMs, lostMs, deadMs }: LeaseTimes = { beatMs: BEAT_MS, lostMs: LOST_MS, deadMs: DEAD_MS },
): Leases {
  const me = randomUUID();
  const elapsed = () => performance.now();

  async function hold(name: string, seen: string) {
    return reply.parse(await runScript(redis, LEASE, [keys.lease(name)], [me, seen]));
  }

  /** Until it is held; null when `signal` aborts first. */
  async function take(name: string, signal: AbortSignal): Promise<number | null> {
    const pulse = createPulse(elapsed, deadMs);
    let dead = "";
    while (!signal.aborted) {
      try {
        const [state, found] = await hold(name, dead);
        if (state === "held") return found;
        dead = pulse.look(new Map([[name, found]])).has(name) ? "" : found;
        // Seen to be dead just now: it is taken at once.
        if (dead !== "") continue;
      } catch (error) {
        onError(error);
      }
      await pause(beatMs, signal);
    }
    return null;
  }

  /** Until `stop` aborts; aborts `lost` when somebody else has it, or may soon. */
  async function renew(name: string, fence: number, lost: AbortController, stop: AbortSignal): Promise<void> {
    let renewedMs = elapsed();
    while (!stop.aborted && !lost.signal.aborted) {
      await pause(Math.max(0, Math.min(beatMs, renewedMs + lostMs - elapsed())), stop);
      if (stop.aborted) return;
      try {
        const askedMs = elapsed();
        // A Redis that is away keeps a command until it is back, which may be too late.
        const answer = await Promise.race([hold(name, ""), pause(Math.max(0, renewedMs + lostMs - askedMs), stop)]);
        if (answer !== undefined && (answer[0] !== "held" || answer[1] !== fence)) lost.abort();
        else if (answer !== undefined) renewedMs = askedMs;
      } catch (error) {
        onError(error);
      }
      if (elapsed() - renewedMs >= lostMs) lost.abort();
    }
  }

  return {
    async keep(name, work, signal) {
      while (!signal.aborted) {
        const fence = await take(name, signal);
        if (fence === null) return;
        const lost = new AbortController();
        const over = new AbortController();
        const held: Held = { name, fence, signal: AbortSignal.any([lost.signal, signal]) };
        const renewing = renew(name, fence, lost, over.signal);
        await work(held).catch(onError);
        over.abort();
        await renewing;
        if (redis.status === "ready") await runScript(redis, RELEASE, [keys.lease(name)], [me]).catch(onError);
        // Work that ended by itself is begun again, but not at once.
        if (!signal.aborted) await pause(beatMs, signal);
      }
    },
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<undefined> {
  // It rejects only when nobody waits any more.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
