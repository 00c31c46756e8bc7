import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Redis } from "ioredis";
import { z } from "zod";
import { CHATS, isPlace, type Place } from "../../core/chat.ts";
import type { Concern, Concerns, StandingConcern } from "../../core/concern.ts";
import { isAgentName, isOperationId, parseHostName } from "../../core/names.ts";
import { createFencedHash } from "./fenced-hash.ts";
import { keys } from "./keys.ts";
import type { Changes } from "./port.ts";

const agentName = z.string().refine(isAgentName);
const operation = z.string().refine(isOperationId);
const note = z.string().nullable();
const alarm = { key: z.string(), severity: z.literal("person") };
const about = { key: z.string(), severity: z.enum(["person", "note"]), agent: agentName };

const concernSchema = z.discriminatedUnion("type", [
  z.object({
    ...about,
    type: z.literal("gateway-down"),
    gateway: z.enum(["stopped", "crashed", "config-invalid", "absent", "unready"]),
    note,
  }),
  z.object({ ...about, type: z.literal("ailing"), note: z.string() }),
  z.object({ ...about, type: z.literal("host-down"), host: z.enum(["gone", "stopped"]), note }),
  z.object({ ...about, type: z.literal("no-network"), note }),
  z.object({ ...about, type: z.literal("silent"), note }),
  z.object({ ...about, type: z.literal("crash-loop"), restarts: z.number(), withinMs: z.number(), note }),
  z.object({ ...about, type: z.literal("stuck"), operation, note }),
  z.object({ ...about, type: z.literal("half-made") }),
  z.object({ ...about, type: z.literal("unreadable"), why: z.enum(["broken", "newer"]) }),
  z.object({
    ...about,
    type: z.literal("stranded-host"),
    host: z.string().transform(parseHostName),
    provider: z.string(),
  }),
  z.object({
    key: z.string(),
    severity: z.literal("note"),
    type: z.literal("old-image"),
    provider: z.string(),
    days: z.number(),
  }),
  z.object({
    ...alarm,
    type: z.literal("stuck-alone"),
    operation,
    formerAgent: agentName.nullable(),
    kind: z.string(),
    note,
  }),
  z.object({ ...alarm, type: z.literal("unwatched"), provider: z.string(), agents: z.array(agentName) }),
  z.object({
    ...alarm,
    type: z.literal("chat-refused"),
    chat: z.enum(CHATS),
    userMessage: z.string(),
    hint: z.string().nullable(),
  }),
  z.object({ ...alarm, type: z.literal("alerts-lost"), place: z.custom<Place>(isPlace) }),
]) satisfies z.ZodType<Concern>;

export const standingSchema = z.object({
  concern: concernSchema,
  episode: z.string(),
  scope: z.string().nullable(),
}) satisfies z.ZodType<StandingConcern>;

/** `changes`: about `keys.concerns`. */
export function createConcerns(redis: Redis, changes: Changes, redact: (text: string) => string): Concerns {
  const hash = createFencedHash<StandingConcern>(redis, keys.concerns, standingSchema, redact);
  return {
    all: async () => [...(await hash.all()).values()],
    async raise(concern, by) {
      const before = (await hash.all()).get(concern.key);
      if (before !== undefined && isDeepStrictEqual(before.concern, concern)) return;
      await hash.put(concern.key, { concern, episode: before?.episode ?? randomUUID(), scope: by?.name ?? null }, by);
    },
    settle: (key, by) => hash.remove(key, by),
    listen: (onChange) => changes.listen(keys.concerns, onChange),
  };
}
