import type { Place } from "../../core/chat.ts";
import type { OpsError } from "../../core/errors.ts";
import type { Operation } from "../../core/operation.ts";
import { task, upperFirst } from "../../operations/words.ts";
import type { Posted } from "../channel.ts";
import { renderAskedFor, renderProgressBriefly } from "../render/operation.ts";
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
  /** A message that somebody pressed and that is to show how it goes, once; null: none. */
  readonly takeOffered: () => Posted | null;
  readonly onError: (error: OpsError) => void;
}

/** The one message of an operation that is redrawn while it goes on. */
export interface StatusMessage {
  /** Shows the latest state, by a new message where the old one cannot show it. @returns what it shows; null when it does not show yet that the operation goes on. */
  draw(): Promise<Operation | null>;
  /** Opens the thread for what is too much for the place, once. */
  openThread(): Promise<void>;
  /** Resolves when it is there, or is known not to be possible. */
  readonly begun: Promise<void>;
  record(): FollowRecord;
  /** Writes down that the outcome needs not be told again. */
  outcomeTold(): Promise<void>;
}

export function createStatusMessage(parts: Parts): StatusMessage {
  const { outbox, clock, latest, place } = parts;
  const { id } = latest.get();
  let { record } = parts;
  /** By `Clock.elapsed`; another process may have posted it, by the clock as it was then. */
  let postedAtMs = clock.elapsed() - Math.max(0, clock.now() - (record.status?.postedAtMs ?? clock.now()));
  let drawn: Operation | null = null;
  /** It does not show yet that the operation goes on, as far as this process knows. */
  let isInert = true;
  const begun = Promise.withResolvers<void>();
  let saving: Promise<void> = Promise.resolve();

  /** One after the other, so that none is overwritten by what was there before it. */
  const change = async (fields: Partial<FollowRecord>) => {
    record = { ...record, ...fields };
    const save = () => parts.save(record);
    saving = saving.then(save, save);
    await saving;
    if (record.status !== null || record.silent) begun.resolve();
  };
  const render = () => {
    drawn = latest.get();
    return renderProgressBriefly(drawn, clock.now());
  };
  /** Nothing in it claims to go on: were Creel killed before the message is on record, nobody would ever change it. */
  const post = async (maybeThere: boolean) => {
    const options = { key: `${id}s${record.begun}`, notify: null, replyTo: null, maybeThere };
    const posted = await outbox.post(place, () => renderAskedFor(latest.get()), options);
    drawn = null;
    isInert = true;
    postedAtMs = clock.elapsed();
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
  /** Written down before it shows anything of the operation: whoever comes after a crash goes on with it. */
  const adopt = async (offered: Posted) => {
    const status = { ...offered, postedAtMs: clock.now() };
    if (record.begun === 0) return change({ begun: 1, status });
    // Who pressed it looks there; what was begun meanwhile goes. One from before an earlier end stays what people have read.
    const isBegunHere =
      !latest.isOver() && record.status !== null && record.toldEndMs === null && record.thread === null;
    if (isBegunHere && record.status?.id !== offered.id) await change({ status, outdated: record.status });
  };
  const redraw = async (status: NonNullable<FollowRecord["status"]>) => {
    if (!latest.isOver() && clock.elapsed() - postedAtMs > FRESH_MS) return begin(status);
    const result = await outbox.edit(status, render, () => (latest.isOver() || isInert ? "now" : "soon"));
    isInert = false;
    if (result === "frozen") await begin(status);
    // Whoever removed it does not want it back for what the outcome says anyway.
    if (result === "gone" && !latest.isOver()) await begin(null);
  };

  return {
    async draw() {
      drawn = latest.get();
      if (record.status !== null || record.silent) begun.resolve();
      if (record.silent) return drawn;
      const cannot = await cannotSay(async () => {
        const offered = parts.takeOffered();
        if (offered !== null) await adopt(offered);
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
        thread = await outbox.thread(status, upperFirst(task(latest.get())), () => !latest.isOver());
      }, parts.onError);
      await change({ threadAsked: true, thread });
    },
    begun: begun.promise,
    record: () => record,
    outcomeTold: () => change({ toldEndMs: latest.get().endedAtMs }),
  };
}
