import { z } from "zod";
import type { Actor } from "../core/actor.ts";
import { CHATS, type ChannelMemory, type Origin } from "../core/chat.ts";
import type { Submission, TicketId } from "../core/desk.ts";
import { OpsError } from "../core/errors.ts";

/** A question is about now: two minutes later it has to be asked anew. */
const OPEN_MS = 2 * 60_000;
/** After that it is still known for a while that there was one. */
const KEPT_MS = 30 * 60_000;

const openSchema = z.object({
  actor: z.object({
    channel: z.enum(CHATS),
    user: z.string(),
    roles: z.array(z.string()),
    name: z.string(),
  }),
  submission: z.object({ command: z.string(), options: z.record(z.string(), z.string()), confirmation: z.string() }),
  origin: z.object({
    place: z.object({ channel: z.enum(CHATS), chat: z.string(), topic: z.string().nullable() }),
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

interface Parts {
  readonly memory: ChannelMemory;
  readonly now: () => number;
  /** Unguessable; printable ASCII of at most 40 bytes. */
  readonly makeId: () => string;
}

export function createTickets({ memory, now, makeId }: Parts): Tickets {
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
        ...{ actor, submission, message: null, untilMs: now() + OPEN_MS },
        origin: { place, key: `ticket-${id}` },
      });
      await memory.put(keyOf(id), ticket, KEPT_MS);
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
      if (now() > ticket.untilMs) throw notOpen("Nothing was done: the answer came after more than two minutes.");
      return { submission: ticket.submission, origin: ticket.origin };
    },
    close: (id) => memory.remove(keyOf(id)),
  };
}

function notOpen(userMessage: string): OpsError {
  return new OpsError({ code: "confirmation-required", userMessage, hint: "Give the command again to be asked anew." });
}
