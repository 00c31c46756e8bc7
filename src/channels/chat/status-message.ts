import type { Place } from "../../core/chat.ts";
import type { OpsError } from "../../core/errors.ts";
import type { Operation } from "../../core/operation.ts";
import { renderProgress } from "../render/operation.ts";
import { doing } from "../render/words.ts";
import { cannotSay } from "./cannot-say.ts";
import type { Clock } from "./clock.ts";
import type { FollowRecord } from "./follow-record.ts";
import type { Latest } from "./latest.ts";
import type { Outbox } from "./outbox.ts";

/** Discord does not edit messages older than an hour freely (error 30046); the fresh one comes with time to spare. */
const FRESH_MS = 55 * 60_000;

interface Parts {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly latest: Latest;
  readonly place: Place;
  readonly record: FollowRecord;
  /** Durable when it resolves. */
  readonly save: (record: FollowRecord) => Promise<void>;
  readonly onError: (error: OpsError) => void;
}

/** The one message of an operation that is redrawn while it goes on. */
export interface StatusMessage {
  /** Shows the latest state, by a new message where the old one cannot show it. @returns what it shows; null when that is not certain. */
  draw(): Promise<Operation | null>;
  /** Opens the thread for what is too much for the place, once. */
  openThread(): Promise<void>;
  record(): FollowRecord;
}

export function createStatusMessage(parts: Parts): StatusMessage {
  const { outbox, clock, latest, place } = parts;
  const { id } = latest.get();
  let { record } = parts;
  let drawn: Operation | null = null;

  const change = async (fields: Partial<FollowRecord>) => {
    record = { ...record, ...fields };
    await parts.save(record);
  };
  const render = () => {
    drawn = latest.get();
    return renderProgress(drawn, clock.now());
  };
  const post = async (maybeThere: boolean) => {
    const options = { key: `${id}s${record.begun}`, notify: null, replyTo: null, maybeThere };
    const { posted, isFresh } = await outbox.post(place, render, options);
    if (!isFresh) drawn = null;
    await change({ status: { ...posted, postedAtMs: clock.now() } });
  };
  const removeOutdated = async () => {
    const { outdated } = record;
    if (outdated === null) return;
    await cannotSay(() => outbox.remove(outdated), parts.onError);
    await change({ outdated: null });
  };
  const begin = async (outdated: FollowRecord["outdated"]) => {
    await change({ begun: record.begun + 1, status: null, outdated });
    await post(false);
    await removeOutdated();
  };
  const redraw = async (status: NonNullable<FollowRecord["status"]>) => {
    if (!latest.isOver() && clock.now() - status.postedAtMs > FRESH_MS) return begin(status);
    const result = await outbox.edit(status, render, () => (latest.isOver() ? "now" : "soon"));
    if (result === "frozen") await begin(status);
    // Whoever removed it does not want it back for what the outcome says anyway.
    if (result === "gone" && !latest.isOver()) await begin(null);
  };

  return {
    async draw() {
      drawn = latest.get();
      if (record.silent) return drawn;
      const cannot = await cannotSay(async () => {
        if (record.status !== null) {
          await removeOutdated();
          await redraw(record.status);
        } else if (record.begun === 0) await begin(null);
        else await post(true);
      }, parts.onError);
      if (cannot) {
        drawn = latest.get();
        await change({ silent: true });
      }
      return drawn;
    },
    async openThread() {
      const { status } = record;
      if (status === null || record.silent) return change({ threadAsked: true });
      let thread: Place | null = null;
      await cannotSay(async () => {
        thread = await outbox.thread(status, doing(latest.get()), () => !latest.isOver());
      }, parts.onError);
      await change({ threadAsked: true, thread });
    },
    record: () => record,
  };
}
