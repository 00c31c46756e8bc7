import { z } from "zod";
import type { Actor } from "../core/actor.ts";
import { type Clocks, createAges } from "../core/ages.ts";
import { type ChannelMemory, isPlace, type Origin, type Place } from "../core/chat.ts";
import type { AskedInPrivate, Submission } from "../core/desk.ts";
import { OpsError } from "../core/errors.ts";
import type { PrivateQuestion } from "../core/private-question.ts";
import { QUESTION_MS, type TicketId } from "../core/ticket.ts";

/** An answer that comes a little too late is known as one that long. */
const KEPT_MS = 15 * 60_000;

const schema = z.object({
  ticket: z.custom<TicketId>((value) => typeof value === "string"),
  question: z.object({ title: z.string(), text: z.string(), instead: z.string() }),
  submission: z.object({
    command: z.string(),
    options: z.record(z.string(), z.string()),
    confirmation: z.string().nullable(),
  }),
  /** Where the command was given; null: in a terminal. */
  place: z.custom<Place>(isPlace).nullable(),
  message: z.string().nullable(),
  askedAtMs: z.number(),
});
type Kept = z.output<typeof schema>;

interface Wanting {
  readonly submission: Submission;
  /** Absent: a terminal. */
  readonly origin: Origin | undefined;
}

/** What each person was asked in private: one question each, the latest. Never holds an answer. */
export interface PrivateQuestions {
  open(actor: Actor, question: PrivateQuestion, wanting: Wanting): Promise<TicketId>;
  /** Whether there was such a question. */
  bind(ticket: TicketId, message: string): Promise<boolean>;
  asked(actor: Actor): Promise<AskedInPrivate | null>;
  /** @throws OpsError `confirmation-required` when it is not open, or not this person's. */
  check(actor: Actor, ticket: TicketId): Promise<Wanting>;
  /** Idempotent; nothing when it is not theirs. */
  close(actor: Actor, ticket: TicketId): Promise<void>;
}

interface Parts extends Clocks {
  readonly memory: ChannelMemory;
  /** Unguessable; printable ASCII of at most 40 bytes. */
  readonly makeId: () => string;
}

export function createPrivateQuestions({ memory, makeId, ...clocks }: Parts): PrivateQuestions {
  const ages = createAges(clocks, KEPT_MS);
  /** Whose each ticket of this process is: who binds it knows only the ticket. */
  const keys = new Map<TicketId, string>();
  const keyOf = ({ channel, user }: Actor) => `private:${channel}:${user}`;
  const read = async (key: string): Promise<Kept | null> => {
    const found = schema.safeParse(await memory.get(key));
    return found.success ? found.data : null;
  };
  // Also long before it was asked: the clock was set back, and nobody knows how long ago that was.
  const isOpen = ({ ticket, askedAtMs }: Kept) => Math.abs(ages.ageMs(ticket, askedAtMs)) <= QUESTION_MS;
  const forget = (ticket: TicketId) => {
    keys.delete(ticket);
    ages.forget(ticket);
  };
  return {
    async open(actor, question, { submission, origin }) {
      const key = keyOf(actor);
      const ticket = makeId() as TicketId;
      for (const [other, whose] of keys) if (whose === key) forget(other);
      const place = origin?.place ?? null;
      const kept = { ticket, question, submission, place, message: null, askedAtMs: clocks.now() };
      await memory.put(key, schema.parse(kept), KEPT_MS);
      keys.set(ticket, key);
      ages.begin(ticket);
      return ticket;
    },
    async bind(ticket, message) {
      const key = keys.get(ticket);
      if (key === undefined) return false;
      const kept = await read(key);
      if (kept?.ticket === ticket) await memory.put(key, { ...kept, message }, KEPT_MS);
      return true;
    },
    async asked(actor) {
      const kept = await read(keyOf(actor));
      if (kept === null) return null;
      const { ticket, question, submission, message } = kept;
      return { ticket, question, submission, message, isOpen: isOpen(kept) };
    },
    async check(actor, ticket) {
      const kept = await read(keyOf(actor));
      // Somebody else's looks like one that is closed.
      if (kept?.ticket !== ticket) throw notOpen("Nothing was done: this question is not open any more, or not yours.");
      if (!isOpen(kept)) throw notOpen("Nothing was done: the answer came after more than two minutes.");
      const { submission, place } = kept;
      return { submission, origin: place === null ? undefined : { place, key: `private-${ticket}` } };
    },
    async close(actor, ticket) {
      const key = keyOf(actor);
      if ((await read(key))?.ticket !== ticket) return;
      await memory.remove(key);
      forget(ticket);
    },
  };
}

function notOpen(userMessage: string): OpsError {
  return new OpsError({ code: "confirmation-required", userMessage, hint: "Give the command again to be asked anew." });
}
