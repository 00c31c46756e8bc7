import type { Actor } from "../core/actor.ts";
import type { AuditEvent } from "../core/audit.ts";

const HOUR_MS = 60 * 60_000;
/** So many are on record by themselves within an hour; the others together. */
const MOST_NAMED = 20;
/** So many are told within an hour that they may not; the others hear nothing. */
const MOST_TOLD = 500;

/** What is known of one attempt. */
type Attempt = Pick<AuditEvent, "subject" | "agent" | "note">;

/**
 * Those whom no list names, of whom there may be any number that never stop. Everything here is in memory and bounded: a hundred of them
 * use no more of the store than one does.
 */
export interface Strangers {
  /** @returns whether it should be said that they may not: at most once an hour. */
  attempted(actor: Actor, attempt: Attempt): boolean;
  /** Puts on record what was only counted so far. Never throws. */
  flush(): Promise<void>;
}

interface Parts {
  readonly append: (event: AuditEvent) => Promise<void>;
  /** Milliseconds since the epoch, for the record. */
  readonly now: () => number;
  /** Milliseconds since some moment: an hour is an hour, whatever is done to the clock. */
  readonly elapsed: () => number;
}

interface Counted {
  readonly actor: Actor;
  /** Since they were written down last. */
  pending: number;
  latest: Attempt;
  latestAtMs: number;
}

export function createStrangers({ append, now, elapsed }: Parts): Strangers {
  let startedAtMs = Number.NEGATIVE_INFINITY;
  /** By who; when, in elapsed time. */
  const told = new Map<string, number>();
  const counted = new Map<string, Counted>();
  const keyOf = ({ channel, user }: Actor) => `${channel}:${user}`;

  const write = async (one: Counted) => {
    const { pending: attempts, actor, latest, latestAtMs } = one;
    if (attempts === 0) return;
    one.pending = 0;
    try {
      await append({ ...latest, actor, atMs: latestAtMs, what: "refused", operation: null, attempts });
    } catch {
      one.pending += attempts;
    }
  };
  const flush = async () => {
    await Promise.all([...counted.values()].map(write));
  };
  const beginHour = () => {
    if (elapsed() - startedAtMs < HOUR_MS) return;
    startedAtMs = elapsed();
    void flush();
    counted.clear();
  };
  /** Whether it may be said now; then it counts as said. */
  const tell = (key: string): boolean => {
    for (const [one, atMs] of told) if (elapsed() - atMs >= HOUR_MS) told.delete(one);
    if (told.has(key) || told.size >= MOST_TOLD) return false;
    told.set(key, elapsed());
    return true;
  };

  return {
    attempted(actor, attempt) {
      beginHour();
      const key = keyOf(actor);
      const isNamed = counted.has(key) || counted.size < MOST_NAMED;
      const who = isNamed ? key : "";
      const before = counted.get(who);
      const named = isNamed ? actor : { ...actor, user: "", roles: [], name: "other strangers" };
      const one = before ?? { actor: named, pending: 0, latest: attempt, latestAtMs: now() };
      Object.assign(one, { pending: one.pending + 1, latest: attempt, latestAtMs: now() });
      counted.set(who, one);
      // The first one is on record at once; what follows is counted.
      if (before === undefined) void write(one);
      return tell(key);
    },
    flush,
  };
}
