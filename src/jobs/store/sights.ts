import type { Redis } from "ioredis";
import { z } from "zod";
import type { Digest, SeenAgent, Sight, Sights } from "../../core/sight.ts";
import { createFencedHash } from "./fenced-hash.ts";
import { keys } from "./keys.ts";
import type { Changes } from "./port.ts";
import { agentSchema } from "./registry.ts";

const seenSchema = z.object({
  agent: agentSchema,
  host: z.enum(["running", "starting", "stopped", "gone", "none", "unknown"]),
  gateway: z.enum([
    "ready",
    "starting",
    "unready",
    "draining",
    "stopped",
    "crashed",
    "config-invalid",
    "absent",
    "unknown",
  ]),
  network: z.enum(["reached", "missing", "off", "unknown"]),
  version: z.string().nullable(),
  upMs: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  restarts: z.number().nullable(),
  // Sights of an older Creel have none.
  channels: z
    .array(z.object({ channel: z.string(), state: z.enum(["connected", "connecting", "failed", "off"]) }))
    .nullable()
    .default(null),
  note: z.string().nullable(),
}) satisfies z.ZodType<SeenAgent>;

const imageSchema = z.object({ provider: z.string(), days: z.number() });
const unreadableSchema = z.object({
  kind: z.enum(["agent", "operation", "event", "note", "key"]),
  name: z.string(),
  why: z.enum(["broken", "newer"]),
});

export const sightSchema = z.object({
  provider: z.string(),
  atMs: z.number(),
  agents: z.array(seenSchema),
  images: z.array(imageSchema),
}) satisfies z.ZodType<Sight>;

export const digestSchema = z.object({
  day: z.string(),
  atMs: z.number(),
  agents: z.array(seenSchema),
  unreadable: z.array(unreadableSchema),
  images: z.array(imageSchema),
}) satisfies z.ZodType<Digest>;

const LATEST = "latest";

/** `changes`: about `keys.digest`. */
export function createSights(redis: Redis, changes: Changes, redact: (text: string) => string): Sights {
  const sights = createFencedHash<Sight>(redis, keys.sights, sightSchema, redact);
  const digests = createFencedHash<Digest>(redis, keys.digest, digestSchema, redact);
  return {
    put: (sight, by) => sights.put(sight.provider, sight, by),
    all: async () => [...(await sights.all()).values()],
    putDigest: (digest, by) => digests.put(LATEST, digest, by),
    digest: async () => (await digests.all()).get(LATEST) ?? null,
    listen: (onDigest) => changes.listen(keys.digest, onDigest),
  };
}
