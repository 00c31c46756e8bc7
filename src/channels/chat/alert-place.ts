import { createHash } from "node:crypto";
import type { ChannelMemory, Place } from "../../core/chat.ts";
import type { StandingConcern } from "../../core/concern.ts";
import type { Message } from "../../core/message.ts";
import { renderConcern } from "../render/care.ts";
import { renderAllClear, renderSettled } from "../render/chat.ts";
import { type AlertRecord, createAlertRecords, postKey } from "./alert-record.ts";
import type { Clock } from "./clock.ts";
import type { Outbox } from "./outbox.ts";
import { persistently } from "./retry.ts";

/** Where alerts are told in one chat. */
export interface AlertTarget {
  readonly outbox: Outbox;
  readonly place: Place;
}

/** One thing that a place has to be shown for it to show what stands. */
interface AlertStep {
  /** The same as long as it is the same that has to be shown. */
  readonly id: string;
  /** Resolves when the place shows it, rejects when it cannot. Repeating it after a crash tells nothing twice, as far as the chat can prevent that. */
  run(): Promise<void>;
}

/** One place's view of all concerns. One call at a time. */
export interface AlertPlace {
  /** What has to be done first for the place to show what stands, of what is not `refused`; null: nothing. */
  next(standing: readonly StandingConcern[], refused: ReadonlySet<string>): AlertStep | null;
  /** Posts what `compose` makes, unless there was one of that day. null: there is nothing to tell. */
  digest(day: string, compose: () => Promise<Message | null>): Promise<void>;
}

const QUIET = { notify: null, replyTo: null };
const DIGEST_KEPT_MS = 7 * 24 * 60 * 60_000;

/** What a place was told before is read once: nobody else tells it anything meanwhile. `signal`: when that is over. */
export async function openAlertPlace(
  { outbox, place }: AlertTarget,
  memory: ChannelMemory,
  clock: Clock,
  signal: AbortSignal,
): Promise<AlertPlace> {
  const patiently = <T>(call: () => Promise<T>) => persistently(clock, signal, call);
  const records = createAlertRecords(memory, place.channel);
  const told = await patiently(() => records.all());

  const save = async (key: string, record: AlertRecord) => {
    await patiently(() => records.save(key, record));
    told.set(key, record);
  };
  const post = async (key: string, message: Message, record: AlertRecord, maybeThere: boolean) => {
    // Written down before it is posted: whoever comes after a crash posts it again under the same key.
    if (!maybeThere) await save(key, record);
    const sound = record.severity === "person" ? { ...QUIET, aloud: true } : QUIET;
    const options = { ...sound, key: postKey(key, record.firstAtMs, "a"), maybeThere };
    const posted = await outbox.post(place, () => message, options);
    await save(key, { ...record, posted });
  };
  const resolve = async (key: string, { posted, severity, title, firstAtMs }: AlertRecord) => {
    const settledAtMs = clock.now();
    const settled = () => renderSettled(title, settledAtMs);
    // It may be there all the same, when whoever posted it was killed right then.
    const maybe = { ...QUIET, key: postKey(key, firstAtMs, "a"), maybeThere: true };
    const there = posted ?? (await outbox.post(place, settled, maybe));
    await outbox.edit(there, settled, () => "now");
    if (severity === "person") {
      const options = { ...QUIET, key: postKey(key, firstAtMs, "s"), replyTo: there.id };
      await outbox.post(place, () => renderAllClear(title), options);
    }
    await patiently(() => records.remove(key));
    told.delete(key);
  };

  function tell({ concern, episode }: StandingConcern): AlertStep | null {
    const { key, severity } = concern;
    const message = renderConcern(concern);
    const shown = createHash("sha256").update(JSON.stringify(message)).digest("base64url");
    const before = told.get(key);
    const step = (run: AlertStep["run"]): AlertStep => ({ id: `${key} ${episode} ${shown}`, run });
    const isWorse = before?.severity === "note" && severity === "person";
    if (before === undefined || isWorse) {
      const record = { episode, severity, title: message.title, shown, firstAtMs: clock.now(), posted: null };
      return step(() => post(key, message, record, false));
    }
    // It was over and has come back: first things first.
    if (before.episode !== null && before.episode !== episode) return step(() => resolve(key, before));
    const now = { ...before, episode, title: message.title, shown };
    const { posted } = before;
    if (posted === null) return step(() => post(key, message, now, true));
    if (before.shown === shown && before.episode === episode) return null;
    return step(async () => {
      // One that was removed or is too old to be changed has been seen; a second sound would be worse than old words.
      await outbox.edit(
        posted,
        () => message,
        () => "soon",
      );
      await save(key, now);
    });
  }

  return {
    next(standing, refused) {
      const keys = new Set(standing.map(({ concern }) => concern.key));
      // What an older Creel has told may not be over yet, although nobody has looked and found it again.
      const over = [...told].filter(([key, { episode }]) => !keys.has(key) && episode !== null);
      const steps = [
        ...standing.map(tell),
        ...over.map(([key, record]) => ({ id: `${key} ${record.episode} over`, run: () => resolve(key, record) })),
      ];
      return steps.find((step) => step !== null && !refused.has(step.id)) ?? null;
    },
    async digest(day, compose) {
      const key = `digest:${place.channel}`;
      if ((await patiently(() => memory.get(key))) === day) return;
      const message = await patiently(compose);
      if (message === null) return;
      await outbox.post(place, () => message, { ...QUIET, key: postKey(day, 0, "d") });
      await patiently(() => memory.put(key, day, DIGEST_KEPT_MS));
    },
  };
}
