import type { Place } from "../../core/chat.ts";
import { OpsError } from "../../core/errors.ts";
import type { Operation } from "../../core/operation.ts";
import type { Message } from "../message.ts";
import { renderElsewhere } from "../render/chat.ts";
import { renderOutcome } from "../render/operation.ts";
import { cannotSay } from "./cannot-say.ts";
import type { FollowRecord } from "./follow-record.ts";
import type { Outbox } from "./outbox.ts";
import { isSamePlace } from "./places.ts";

interface Parts {
  readonly outbox: Outbox;
  /** Where it is said that something could not be said; null when there is no such place. */
  readonly alerts: Place | null;
  readonly onError: (error: OpsError) => void;
}

interface Attempt {
  readonly place: Place;
  /** Ends the key, so that each place is asked for a message of its own. */
  readonly mark: string;
  readonly replyTo: string | null;
  readonly render: () => Message;
}

/** Tells how an operation ended, to whoever asked for it: in its thread, else in its place, else among the alerts. */
export async function tellOutcome(
  parts: Parts,
  operation: Operation,
  place: Place,
  record: FollowRecord,
): Promise<void> {
  for (const { mark, render, replyTo, ...attempt } of attempts(operation, place, record, parts.alerts)) {
    const options = { key: `${operation.id}${mark}`, notify: operation.requestedBy, replyTo };
    const failed = await cannotSay(async () => {
      await parts.outbox.post(attempt.place, render, options);
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

function attempts(operation: Operation, place: Place, record: FollowRecord, alerts: Place | null): Attempt[] {
  const render = () => renderOutcome(operation);
  const found: Attempt[] = [{ place, mark: "o", replyTo: record.status?.id ?? null, render }];
  if (record.thread !== null) found.unshift({ place: record.thread, mark: "t", replyTo: null, render });
  if (alerts !== null && !isSamePlace(alerts, place)) {
    const elsewhere = () => renderElsewhere(renderOutcome(operation), operation, place);
    found.push({ place: alerts, mark: "a", replyTo: null, render: elsewhere });
  }
  return found;
}
