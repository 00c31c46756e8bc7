import type { Place } from "../../core/chat.ts";
import { asOpsError, OpsError } from "../../core/errors.ts";
import type { Message } from "../../core/message.ts";
import type { Chat, Posted, PostOptions } from "../channel.ts";
import type { Clock } from "./clock.ts";
import { createLane, type Lane, type Send } from "./lane.ts";
import type { Urgency } from "./pace.ts";
import { laneKey, messageKey } from "./places.ts";
import type { Presses } from "./presses.ts";
import { isPassing } from "./retry.ts";

interface PostRequest extends PostOptions {
  /** It may have been posted before, by a process that did not live to write it down. */
  readonly maybeThere?: boolean;
}

/**
 * Everything Creel says in one chat by itself. Each place has a queue; messages are rendered when it is their turn, so however long a
 * chat is away, what arrives afterwards is the latest. Failures that pass are waited out for as long as the process lives, by whatever is
 * of the same kind in the same place and by nothing else; the others reject: `chat-forbidden`, or `internal` for what a chat does not accept.
 */
export interface Outbox {
  post(place: Place, render: () => Message, options: PostRequest): Promise<Posted>;
  /** Sends nothing when the message shows just that already. */
  edit(posted: Posted, render: () => Message, urgency: () => Urgency): Promise<"done" | "gone" | "frozen">;
  remove(posted: Posted): Promise<void>;
  /** null also when it is not `wanted` any more at its turn, and when the chat is busy: it is tried once. */
  thread(posted: Posted, title: string, wanted: () => boolean): Promise<Place | null>;
  /** A waiting edit there may have become urgent. */
  reconsider(place: Place): void;
  /** Resolves when nothing waits any more. */
  drained(): Promise<void>;
  /** Gives up what waits: from now on everything rejects with `chat-unavailable`. */
  stop(): void;
}

/** More messages than this are not redrawn at a time; what is forgotten costs one edit too many. */
const MOST_REMEMBERED = 200;

const now = (): Urgency => "now";
const soon = (): Urgency => "soon";

export function createOutbox({ chat, presses, clock }: { chat: Chat; presses: Presses; clock: Clock }): Outbox {
  const lanes = new Map<string, Lane>();
  const shown = new Map<string, string>();
  let stopped = false;

  const laneOf = (place: Place): Lane => {
    const key = laneKey(place);
    const lane = lanes.get(key) ?? createLane(chat.pace(place), clock);
    lanes.set(key, lane);
    if (stopped) lane.stop(closing());
    return lane;
  };
  const remember = (posted: Posted, content: string) => {
    shown.set(messageKey(posted), content);
    const [oldest] = shown.keys();
    if (shown.size > MOST_REMEMBERED && oldest !== undefined) shown.delete(oldest);
  };

  return {
    post(place, render, { maybeThere = false, ...options }) {
      let isFirst = !maybeThere;
      return laneOf(place).add({
        kind: "post",
        urgency: now,
        async run(send) {
          const message = await presses.dress(render());
          const wasFirst = isFirst;
          isFirst = false;
          const posted = await send(() => chat.post(place, message, options));
          // After a failure the message may be the one of the first try.
          if (wasFirst) remember(posted, JSON.stringify(message));
          return posted;
        },
      });
    },
    edit: (posted, render, urgency) =>
      laneOf(posted.place).add({
        kind: "edit",
        urgency,
        async run(send) {
          const message = await presses.dress(render());
          const content = JSON.stringify(message);
          if (shown.get(messageKey(posted)) === content) return "done";
          shown.delete(messageKey(posted));
          const result = await send(() => chat.edit(posted, message));
          if (result === "done") remember(posted, content);
          return result;
        },
      }),
    remove: (posted) =>
      laneOf(posted.place).add({ kind: "remove", urgency: soon, run: (send) => send(() => chat.remove(posted)) }),
    async thread(posted, title, wanted) {
      const run = async (send: Send) => (wanted() ? send(() => chat.thread(posted, title)) : null);
      try {
        return await laneOf(posted.place).add({ kind: "thread", urgency: soon, run });
      } catch (error) {
        if (stopped || !isPassing(asOpsError(error))) throw error;
        return null;
      }
    },
    reconsider: (place) => lanes.get(laneKey(place))?.reconsider(),
    async drained() {
      await Promise.all([...lanes.values()].map((lane) => lane.drained()));
    },
    stop() {
      stopped = true;
      for (const lane of lanes.values()) lane.stop(closing());
    },
  };
}

function closing(): OpsError {
  return new OpsError({ code: "chat-unavailable", userMessage: "Creel is closing.", retry: "later" });
}
