import type { Actor } from "../../core/actor.ts";
import type { Place } from "../../core/chat.ts";
import { OpsError } from "../../core/errors.ts";
import type { Message } from "../../core/message.ts";
import type { Operation } from "../../core/operation.ts";
import { renderElsewhere } from "../render/chat.ts";
import { renderOutcome } from "../render/operation.ts";
import type { AlertTarget } from "./alert-place.ts";
import { cannotSay } from "./cannot-say.ts";
import type { FollowRecord } from "./follow-record.ts";
import type { Outbox } from "./outbox.ts";
import { isSamePlace } from "./places.ts";

interface Parts {
  readonly outbox: Outbox;
  /** Where it is said that something could not be said; null when there is no such place. */
  readonly alerts: Place | null;
  /** The same in other chats, for when this one is gone altogether. */
  readonly elsewhere: () => readonly AlertTarget[];
  readonly onError: (error: OpsError) => void;
}

interface Attempt {
  readonly outbox: Outbox;
  readonly place: Place;
  /** Who hears a sound. */
  readonly notify: Actor | null;
  /** Part of the key, so that each place is asked for a message of its own. */
  readonly mark: string;
  readonly replyTo: string | null;
  readonly render: () => Message;
}

/** Tells how an operation ended, to whoever asked for it: in its thread, else in its place, else among the alerts, else among those of another chat. */
export async function tellOutcome(
  parts: Parts,
  operation: Operation,
  place: Place,
  record: FollowRecord,
): Promise<void> {
  // One that was stuck and went on ends once more: the chat must not take the second outcome for the first.
  const end = Math.floor((operation.endedAtMs ?? 0) / 1000).toString(36);
  for (const { mark, render, replyTo, notify, ...attempt } of attempts(parts, operation, place, record)) {
    const options = { key: `${operation.id}${mark}${end}`, notify, replyTo, aloud: true };
    const failed = await cannotSay(async () => {
      await attempt.outbox.post(attempt.place, render, options);
    }, parts.onError);
    if (!failed) return;
  }
  parts.onError(
    new OpsError({
      code: "chat-forbidden",
      userMessage: `How operation ${operation.id} ended could not be told: Creel may not write in ${place.channel} ${place.chat}.`,
      hint: `Invite the bot again, or set alerts.${place.channel} in creel.yaml.`,
    }),
  );
}

function attempts(parts: Parts, operation: Operation, place: Place, record: FollowRecord): Attempt[] {
  const { outbox, alerts } = parts;
  const here = { outbox, notify: operation.requestedBy, render: () => renderOutcome(operation) };
  const there = { replyTo: null, render: () => renderElsewhere(renderOutcome(operation), operation, place) };
  const thread = record.thread === null ? [] : [{ ...here, place: record.thread, mark: "t", replyTo: null }];
  const own = alerts === null || isSamePlace(alerts, place) ? [] : [{ ...here, ...there, place: alerts, mark: "a" }];
  const others = parts.elsewhere().map((target) => ({ ...target, ...there, notify: null, mark: "e" }));
  return [...thread, { ...here, place, mark: "o", replyTo: record.status?.id ?? null }, ...own, ...others];
}
