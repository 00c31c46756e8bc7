import type { ChannelMemory } from "../../core/chat.ts";
import type { Concern, Concerns, StandingConcern } from "../../core/concern.ts";
import { asOpsError, type OpsError } from "../../core/errors.ts";
import type { Leases } from "../../core/lease.ts";
import type { Message } from "../../core/message.ts";
import type { Digest, Sights } from "../../core/sight.ts";
import { type AlertPlace, type AlertTarget, openAlertPlace } from "./alert-place.ts";
import type { Clock } from "./clock.ts";
import { isSamePlace, laneKey } from "./places.ts";
import { isPassing, persistently } from "./retry.ts";

export interface AlertsParts {
  readonly target: AlertTarget;
  readonly concerns: Concerns;
  readonly sights: Pick<Sights, "digest" | "listen">;
  readonly leases: Leases;
  readonly memory: ChannelMemory;
  readonly clock: Clock;
  /** Whose days the digest counts, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** null: of nothing there is nothing to tell. */
  readonly digest: (digest: Digest) => Promise<Message | null>;
  /** Hears when something could not be told. */
  readonly onError: (error: OpsError) => void;
}

/** Looks again, however much it has missed; also how often a place that does not let Creel write is tried. */
const AGAIN_MS = 60_000;

/**
 * Lets one place show what stands: each concern once, its end when it is over, the digest once a day. What it compares is the store and a
 * record of what the place was told, so that whatever dies before, the next process goes on. One process at a time tells a place anything.
 * Where Creel may not write any more is a concern for the other places. Nothing here throws. @returns what stops it, which
 * takes as long as the outbox has something under way.
 */
export function startAlerts(parts: AlertsParts): { close(): Promise<void> } {
  const { target, leases } = parts;
  const closing = new AbortController();
  const name = `alerts:${laneKey(target.place)}`;
  const telling = leases.keep(name, (held) => tellWhile(parts, held.signal), closing.signal);
  return {
    async close() {
      closing.abort();
      await telling;
    },
  };
}

async function tellWhile(parts: AlertsParts, signal: AbortSignal): Promise<void> {
  const { target, concerns, sights, memory, clock } = parts;
  let news = new AbortController();
  const wake = () => news.abort();
  // Listening starts before the first look, so that no change falls between the two.
  const stops = [concerns.listen(wake), sights.listen(wake)];
  try {
    const place = await openAlertPlace(target, memory, clock, signal);
    /** What the place does not accept is not tried twice. */
    const refused = new Set<string>();
    while (!signal.aborted) {
      if (!(await tellNext(parts, place, refused, signal))) {
        await clock.sleep(AGAIN_MS, AbortSignal.any([signal, news.signal]));
        news = new AbortController();
      }
    }
  } catch (error) {
    if (!signal.aborted) parts.onError(asOpsError(error));
  } finally {
    for (const stop of stops) stop();
  }
}

/** One thing at a time, of what stands then: a place may be away for long. @returns whether there may be more to tell now. */
async function tellNext(
  parts: AlertsParts,
  place: AlertPlace,
  refused: Set<string>,
  signal: AbortSignal,
): Promise<boolean> {
  const { concerns, clock, target, onError } = parts;
  const all = await persistently(clock, signal, () => concerns.all());
  const standing = all.filter(({ concern }) => isForPlace(concern, target)).toSorted(byKey);
  const lost = lostConcern(target);
  const isLost = all.some(({ concern }) => concern.key === lost.key);
  const step = place.next(standing, refused);
  try {
    if (step === null) return await tellDigest(parts, place, signal);
    await step.run();
    if (isLost) await persistently(clock, signal, () => concerns.settle(lost.key, null));
    return true;
  } catch (error) {
    const known = asOpsError(error);
    // What passes is waited out, and reaches this far only when Creel is closing.
    if (isPassing(known)) return false;
    if (known.code === "chat-forbidden") {
      if (!isLost) onError(known);
      await persistently(clock, signal, () => concerns.raise(lost, null));
      return false;
    }
    onError(known);
    if (step !== null) refused.add(step.id);
    return step !== null;
  }
}

/** The other places hear of a chat that does not take the bot, or of a place where it may not write. */
function isForPlace(concern: Concern, { place }: AlertTarget): boolean {
  if (concern.type === "chat-refused") return concern.chat !== place.channel;
  return concern.type !== "alerts-lost" || !isSamePlace(concern.place, place);
}

function lostConcern({ place }: AlertTarget): Concern {
  return { key: `gone:${laneKey(place)}`, severity: "person", type: "alerts-lost", place };
}

function byKey(one: StandingConcern, other: StandingConcern): number {
  return one.concern.key < other.concern.key ? -1 : 1;
}

/** Only on its day. @returns false: there is nothing more to tell. */
async function tellDigest(
  { sights, clock, timeZone, digest: compose }: AlertsParts,
  place: AlertPlace,
  signal: AbortSignal,
): Promise<false> {
  const digest = await persistently(clock, signal, () => sights.digest());
  // Written as 2026-11-21.
  const today = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(clock.now());
  if (digest === null || digest.day !== today) return false;
  await place.digest(digest.day, () => compose(digest));
  return false;
}
