import { uptime } from "node:os";
import { z } from "zod";
import type { ChannelMemory, ChatName, Place } from "../../core/chat.ts";
import { asOpsError, type OpsError } from "../../core/errors.ts";
import { type Absence, renderAway } from "../render/late.ts";
import { cannotSay } from "./cannot-say.ts";
import type { Clock } from "./clock.ts";
import type { Outbox } from "./outbox.ts";
import { isPassing } from "./retry.ts";

const BEAT_MS = 60_000;
/** A restart is no absence. */
const AWAY_MS = 5 * 60_000;
const KEPT_MS = 90 * 24 * 60 * 60_000;

interface Parts {
  readonly channel: ChatName;
  readonly memory: ChannelMemory;
  readonly clock: Clock;
  readonly outbox: Outbox;
  /** Where it is said; null: only to who wrote meanwhile. */
  readonly alerts: Place | null;
  readonly onError: (error: OpsError) => void;
  /** Milliseconds since the machine was switched on, its sleep included: what passes whatever is done to the clock. Default: the system's. */
  readonly sinceBootMs?: () => number;
}

const systemSinceBootMs = () => uptime() * 1000;

/** Knows when Creel was not there: a process that was down, a machine that slept. */
export interface Presence {
  /** Looks when Creel was there last, and notes every minute that it is. @returns once it is known. Never throws. */
  begin(): Promise<void>;
  /** The latest absence; null when there was none that this chat knows of. */
  latest(): Absence | null;
  close(): void;
}

export function createPresence(parts: Parts): Presence {
  const { channel, memory, clock, outbox, alerts, onError, sinceBootMs = systemSinceBootMs } = parts;
  const key = `alive:${channel}`;
  const closing = new AbortController();
  let latest: Absence | null = null;
  /** At the latest beat of this process, by `sinceBootMs`. */
  let beatAtMs: number | null = null;

  const tell = async (absence: Absence) => {
    latest = absence;
    if (alerts === null) return;
    const options = { key: `away${absence.fromMs}`, notify: null, replyTo: null };
    const post = async () => void (await outbox.post(alerts, () => renderAway(absence), options));
    await cannotSay(post, onError).catch(() => undefined);
  };
  /** Notes that Creel is there; what it missed is an absence. */
  const beat = async () => {
    const last = z.number().safeParse(await memory.get(key));
    const nowMs = clock.now();
    await memory.put(key, nowMs, KEPT_MS);
    const awakeAtMs = sinceBootMs();
    // Of the process before only the clock can tell; in this one, a clock that was set is no absence.
    const gapMs = beatAtMs === null ? null : awakeAtMs - beatAtMs;
    beatAtMs = awakeAtMs;
    if (!last.success || nowMs - last.data <= AWAY_MS || (gapMs !== null && gapMs <= AWAY_MS)) return;
    void tell({ fromMs: gapMs === null ? last.data : nowMs - gapMs, toMs: nowMs });
  };
  const quietly = () =>
    beat().catch((error: unknown) => {
      const known = asOpsError(error);
      // The next beat comes soon enough.
      if (!isPassing(known)) onError(known);
    });
  const goOn = async () => {
    while (!closing.signal.aborted) {
      await clock.sleep(BEAT_MS, closing.signal);
      if (!closing.signal.aborted) await quietly();
    }
  };

  return {
    async begin() {
      await quietly();
      void goOn();
    },
    latest: () => latest,
    close: () => closing.abort(),
  };
}
