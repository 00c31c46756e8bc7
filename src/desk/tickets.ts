import { z } from "zod";
import type { Actor } from "../core/actor.ts";
import { type Clocks, createAges } from "../core/ages.ts";
import { CHATS, type ChannelMemory, isPlace, type Origin, type Place } from "../core/chat.ts";
import type { Submission } from "../core/desk.ts";
import { OpsError } from "../core/errors.ts";
import { QUESTION_MS, type TicketId } from "../core/ticket.ts";

/** Long after its two minutes: the store forgets by the clock, which may be set. */
const KEPT_MS = 7 * 24 * 60 * 60_000;

const openSchema = z.object({
  actor: z.object({
    channel: z.enum(CHATS),
    user: z.string(),
    roles: z.array(z.string()),
    name: z.string(),
  }),
  submission: z.object({ command: z.string(), options: z.record(z.string(), z.string()), confirmation: z.string() }),
  origin: z.object({
    place: z.custom<Place>(isPlace),
    key: z.string(),
  }),
  message: z.string().nullable(),
  untilMs: z.number(),
});
type OpenTicket = z.output<typeof openSchema>;

export interface Tickets {
  /** `submission` carries the confirmation that yes stands for; `origin.key` makes two answers at once one. */
  open(actor: Actor, submission: Submission, origin: Origin): Promise<TicketId>;
  bind(id: TicketId, message: string): Promise<void>;
  /** What was asked, if this person may answer it now and there. @throws OpsError `not-permitted`, `confirmation-required`. */
  check(id: TicketId, actor: Actor, message: string): Promise<{ submission: Submission; origin: Origin }>;
  close(id: TicketId): Promise<void>;
}

interface Parts extends Clocks {
  readonly memory: ChannelMemory;
  /** Unguessable; printable ASCII of at most 40 bytes. */
  readonly makeId: () => string;
}

export function createTickets({ memory, makeId, ...clocks }: Parts): Tickets {
  const ages = createAges(clocks, KEPT_MS);
  const keyOf = (id: TicketId) => `ticket:${id}`;
  const read = async (id: TicketId): Promise<OpenTicket | null> => {
    const found = openSchema.safeParse(await memory.get(keyOf(id)));
    return found.success ? found.data : null;
  };
  return {
    async open(actor, submission, origin) {
      const id = makeId() as TicketId;
      const { place } = origin;
      const ticket = openSchema.parse({
        ...{ actor, submission, message: null, untilMs: clocks.now() + QUESTION_MS },
        origin: { place, key: `ticket-${id}` },
      });
      await memory.put(keyOf(id), ticket, KEPT_MS);
      ages.begin(id);
      return id;
    },
    async bind(id, message) {
      const ticket = await read(id);
      if (ticket !== null) await memory.put(keyOf(id), { ...ticket, message }, KEPT_MS);
    },
    async check(id, actor, message) {
      const ticket = await read(id);
      if (ticket === null || ticket.message !== message) throw notOpen("This question is not open any more.");
      if (ticket.actor.channel !== actor.channel || ticket.actor.user !== actor.user) {
        throw new OpsError({
          code: "not-permitted",
          userMessage: `Only ${ticket.actor.name}, who asked, can answer this.`,
          hint: "Give the command yourself to be asked.",
        });
      }
      const ageMs = ages.ageMs(id, ticket.untilMs - QUESTION_MS);
      // Also long before it was asked: the clock was set back, and nobody knows how long ago that was.
      if (Math.abs(ageMs) > QUESTION_MS)
        throw notOpen("Nothing was done: the answer came after more than two minutes.");
      return { submission: ticket.submission, origin: ticket.origin };
    },
    async close(id) {
      await memory.remove(keyOf(id));
      ages.forget(id);
    },
  };
}

function notOpen(userMessage: string): OpsError {
  return new OpsError({ code: "confirmation-required", userMessage, hint: "Give the command again to be asked anew." });
}
