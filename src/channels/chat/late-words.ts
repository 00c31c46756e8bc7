import { createHash } from "node:crypto";
import type { Command } from "../../../commands/command.ts";
import { readCommand } from "../../../commands/read.ts";
import { understand } from "../../../commands/understand.ts";
import type { Actor } from "../../core/actor.ts";
import type { Place } from "../../core/chat.ts";
import type { Submission } from "../../core/desk.ts";
import type { OpsError } from "../../core/errors.ts";
import { type Absence, type LateWord, renderLate } from "../render/late.ts";
import { cannotSay } from "./cannot-say.ts";
import type { Clock } from "./clock.ts";
import type { Outbox } from "./outbox.ts";
import { laneKey } from "./places.ts";

/** What waited comes all at once, and is asked about in one message. */
const GATHER_MS = 1_500;

interface Parts {
  readonly outbox: Pick<Outbox, "post">;
  readonly clock: Clock;
  readonly absence: () => Absence | null;
  readonly onError: (error: OpsError) => void;
}

interface LateEvent {
  readonly actor: Actor;
  readonly place: Place;
  readonly key: string;
  readonly word: LateWord;
}

/** What people asked for so long ago that they may not want it any more: nothing of it is done before they say so. */
export interface LateWords {
  /** Resolves when the person has been asked, together with whatever else they wrote there; until then it is not dealt with. */
  ask(event: LateEvent): Promise<void>;
}

export function createLateWords({ outbox, clock, absence, onError }: Parts): LateWords {
  const gathering = new Map<string, { readonly events: LateEvent[]; readonly asked: Promise<void> }>();

  const askAbout = async (id: string, events: readonly LateEvent[]) => {
    await clock.sleep(GATHER_MS, new AbortController().signal);
    gathering.delete(id);
    const [first] = events;
    if (first === undefined) return;
    const { actor: notify, place } = first;
    const key = `w${createHash("sha256").update(first.key).digest("base64url").slice(0, 24)}`;
    const words = events.map(({ word }) => word);
    const render = () => renderLate(words, absence(), clock.now());
    await cannotSay(async () => void (await outbox.post(place, render, { key, notify, replyTo: null })), onError);
  };

  return {
    ask(event) {
      const id = `${laneKey(event.place)} ${event.place.topic} ${event.actor.user}`;
      const before = gathering.get(id);
      if (before !== undefined) {
        before.events.push(event);
        return before.asked;
      }
      const events = [event];
      const asked = askAbout(id, events);
      gathering.set(id, { events, asked });
      return asked;
    },
  };
}

/** Whether it would change something. What only asks is answered, however late; what cannot be read does nothing anyway. */
export function changesSomething(commands: readonly Command[], submission: Submission): boolean {
  try {
    const reading = readCommand(understand(submission, commands), commands);
    return reading.type === "complete" && reading.request.type !== "question";
  } catch {
    return false;
  }
}
