import type { Actor } from "../../core/actor.ts";
import type { ChannelMemory, Place } from "../../core/chat.ts";
import type { Posted } from "../channel.ts";
import type { Message } from "../message.ts";
import { renderAllClear, renderRepeated, renderSettled } from "../render/chat.ts";
import { type AlertRecord, createAlertRecords, FOLD_MS, postKey } from "./alert-record.ts";
import type { Clock } from "./clock.ts";
import type { Outbox } from "./outbox.ts";
import { persistently } from "./retry.ts";

/** Where alerts are told in one chat. */
export interface AlertTarget {
  readonly outbox: Outbox;
  readonly place: Place;
  /** Who is named when a person is needed; null: the message sounds without naming anybody. */
  readonly notify: Actor | null;
}

export interface Alert {
  /** What it is about: the same for every repeat. */
  readonly key: string;
  /** person: somebody has to do something, so it makes a sound · note: good to know. */
  readonly severity: "person" | "note";
  readonly message: Message;
}

/** How often an alert came since it was told last, and when the latest was. */
interface Repeats {
  readonly times: number;
  readonly lastAtMs: number;
}

/** One place's view of all alerts. Resolves when the place shows it, rejects when it cannot. Calls about one key have to come one after the other. */
export interface AlertPlace {
  tell(alert: Alert, repeats: Repeats): Promise<void>;
  /** Does nothing when it was not told. */
  resolve(key: string): Promise<void>;
  digest(day: string, message: Message): Promise<void>;
}

const QUIET = { notify: null, replyTo: null };
const never = new AbortController().signal;

export function createAlertPlace(target: AlertTarget, memory: ChannelMemory, clock: Clock): AlertPlace {
  const { outbox, place, notify } = target;
  const records = createAlertRecords(memory, place.channel);
  const patiently = <T>(call: () => Promise<T>) => persistently(clock, never, call);

  const post = async ({ key, severity, message }: Alert, record: AlertRecord, maybeThere: boolean) => {
    const sound = severity === "person" ? { notify, replyTo: null, aloud: true } : QUIET;
    const options = { ...sound, key: postKey(key, record.firstAtMs, "a"), maybeThere };
    const { posted } = await outbox.post(place, () => renderRepeated(message, record.count, record.lastAtMs), options);
    await patiently(() => records.save(key, { ...record, posted }));
  };
  const fold = async (alert: Alert, posted: Posted, record: AlertRecord) => {
    await patiently(() => records.save(alert.key, record));
    const render = () => renderRepeated(alert.message, record.count, record.lastAtMs);
    // One that was removed or is too old to be changed has been seen; a second sound would be worse than an old count.
    await outbox.edit(posted, render, () => "soon");
  };

  return {
    async tell(alert, { times, lastAtMs }) {
      const { key, severity, message } = alert;
      const before = await patiently(() => records.load(key));
      const isNew = before === null || lastAtMs - before.firstAtMs >= FOLD_MS;
      const isWorse = before?.severity === "note" && severity === "person";
      if (isNew || isWorse) {
        const record = { severity, title: message.title, firstAtMs: lastAtMs, lastAtMs, count: times, posted: null };
        // Written down before it is posted: whoever comes after a crash posts it again under the same key.
        await patiently(() => records.save(key, record));
        return post(alert, record, false);
      }
      const record = { ...before, lastAtMs, count: before.count + times };
      if (before.posted === null) return post({ ...alert, severity: before.severity }, record, true);
      return fold(alert, before.posted, record);
    },
    async resolve(key) {
      const record = await patiently(() => records.load(key));
      if (record === null) return;
      const { posted, count, severity, title, firstAtMs } = record;
      const settledAtMs = clock.now();
      if (posted !== null)
        await outbox.edit(
          posted,
          () => renderSettled(title, count, settledAtMs),
          () => "now",
        );
      if (severity === "person") {
        const options = { ...QUIET, key: postKey(key, firstAtMs, "s"), replyTo: posted?.id ?? null };
        await outbox.post(place, () => renderAllClear(title), options);
      }
      await patiently(() => records.remove(key));
    },
    async digest(day, message) {
      const key = `digest:${place.channel}`;
      if ((await patiently(() => memory.get(key))) === day) return;
      await outbox.post(place, () => message, { ...QUIET, key: postKey(day, 0, "d") });
      await patiently(() => memory.put(key, day, FOLD_MS * 7));
    },
  };
}
