import { isDeepStrictEqual } from "node:util";
import type { Concerns, StandingConcern } from "../src/core/concern.ts";
import { OpsError } from "../src/core/errors.ts";
import type { Held, Leases } from "../src/core/lease.ts";
import type { Digest, Sight, Sights } from "../src/core/sight.ts";

/** A process that takes part in leases. */
export interface LeaseMember extends Leases {
  /** Nothing is heard of it any more, and others have its leases. */
  die(): void;
}

export interface MemoryLeases {
  join(): LeaseMember;
  /** The number of the latest that had it. */
  fence(name: string): number;
}

interface Wanting {
  readonly member: object;
  readonly begin: () => void;
}

/** Leases in memory: whoever asked first has it, until it lets go or dies. */
export function createMemoryLeases(): MemoryLeases {
  const holders = new Map<string, object>();
  const fences = new Map<string, number>();
  const waiting = new Map<string, Wanting[]>();
  const giveOn = (name: string) => {
    holders.delete(name);
    const next = waiting.get(name)?.shift();
    if (next === undefined) return;
    holders.set(name, next.member);
    next.begin();
  };
  return {
    fence: (name) => fences.get(name) ?? 0,
    join() {
      const member = {};
      let isDead = false;
      return {
        async keep(name, work, signal) {
          const { promise: turn, resolve: begin } = Promise.withResolvers<void>();
          const line = waiting.get(name) ?? [];
          waiting.set(name, line);
          line.push({ member, begin });
          signal.addEventListener("abort", () => begin());
          if (!holders.has(name)) giveOn(name);
          await turn;
          if (signal.aborted || isDead) return;
          const fence = (fences.get(name) ?? 0) + 1;
          fences.set(name, fence);
          await work({ name, fence, signal });
          if (!isDead && holders.get(name) === member) giveOn(name);
        },
        die() {
          isDead = true;
          for (const [name, holder] of holders) if (holder === member) giveOn(name);
        },
      };
    },
  };
}

/** As in Redis: values are copies, and who has lost a lease may not write. */
export function createMemoryWatched(leases: MemoryLeases): { readonly concerns: Concerns; readonly sights: Sights } {
  const standing = new Map<string, StandingConcern>();
  const sights = new Map<string, Sight>();
  const listeners = { concerns: new Set<() => void>(), digest: new Set<() => void>() };
  let digest: Digest | null = null;
  let episodes = 0;
  const require = (by: Held | null) => {
    if (by === null || leases.fence(by.name) === by.fence) return;
    throw new OpsError({ code: "superseded", userMessage: "Somebody else has it." });
  };
  const tell = (whom: Set<() => void>) => {
    for (const listener of whom) listener();
  };
  const listen = (whom: Set<() => void>, listener: () => void) => {
    whom.add(listener);
    return () => void whom.delete(listener);
  };
  return {
    concerns: {
      all: async () => structuredClone([...standing.values()]),
      async raise(concern, by) {
        const before = standing.get(concern.key);
        if (before !== undefined && isDeepStrictEqual(before.concern, concern)) return;
        require(by);
        if (before === undefined) episodes += 1;
        const episode = before?.episode ?? String(episodes);
        standing.set(concern.key, structuredClone({ concern, episode, scope: by?.name ?? null }));
        tell(listeners.concerns);
      },
      async settle(key, by) {
        require(by);
        if (standing.delete(key)) tell(listeners.concerns);
      },
      listen: (onChange) => listen(listeners.concerns, onChange),
    },
    sights: {
      async put(sight, by) {
        require(by);
        sights.set(sight.provider, structuredClone(sight));
      },
      all: async () => structuredClone([...sights.values()]),
      async putDigest(given, by) {
        require(by);
        digest = structuredClone(given);
        tell(listeners.digest);
      },
      digest: async () => structuredClone(digest),
      listen: (onDigest) => listen(listeners.digest, onDigest),
    },
  };
}
