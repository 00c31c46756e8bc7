import type { Redis } from "ioredis";
import type { z } from "zod";
import { isOperationId } from "../../core/names.ts";
import type { Unreadable } from "../../core/unreadable.ts";
import { parseEvent } from "./audit.ts";
import { standingSchema } from "./concerns.ts";
import { orStoreError } from "./connection.ts";
import { unreadableIn } from "./fenced-hash.ts";
import { keys, LANE_PREFIX, OPERATION_PREFIX, PREFIX, scanKeys } from "./keys.ts";
import { parseNote } from "./notes.ts";
import { OLD_LANES } from "./port.ts";
import { orReason, parseRecord } from "./record.ts";
import { parseAgent } from "./registry.ts";
import { digestSchema, sightSchema } from "./sights.ts";

interface Kind {
  readonly prefix: string;
  readonly type: "hash" | "list" | "set" | "zset" | "stream" | "string";
  /** What in it cannot be read; absent where nothing is written that could be misread. */
  readonly look?: (redis: Redis, key: string) => Promise<Unreadable[]>;
}

/** Every kind of key that Creel uses, the longest prefix first where one begins another. */
const KINDS: readonly Kind[] = [
  { prefix: OPERATION_PREFIX, type: "hash", look: inOperation },
  { prefix: `${PREFIX}:turns:`, type: "list" },
  { prefix: keys.open, type: "zset" },
  { prefix: keys.index, type: "zset" },
  { prefix: keys.lanes, type: "set" },
  { prefix: keys.workers, type: "hash" },
  { prefix: keys.lease(""), type: "hash" },
  { prefix: keys.concerns, type: "hash", look: inHashOf(standingSchema) },
  { prefix: keys.sights, type: "hash", look: inHashOf(sightSchema) },
  { prefix: keys.digest, type: "hash", look: inHashOf(digestSchema) },
  { prefix: `${PREFIX}:untold:`, type: "zset" },
  { prefix: `${PREFIX}:request:`, type: "string" },
  { prefix: keys.memory(""), type: "string", look: inNote },
  { prefix: keys.rate(""), type: "string" },
  { prefix: keys.audit, type: "stream", look: inAudit },
  { prefix: keys.agents, type: "hash", look: inAgents },
];

const LANE_KEYS = [LANE_PREFIX, ...OLD_LANES.map((lane) => `${PREFIX}:${lane}`)].map((name) => `${name}:`);

/** Looks at every record that Creel keeps. Takes a moment per thousand; changes nothing. @throws OpsError `store-unavailable`. */
export async function findUnreadable(redis: Redis): Promise<Unreadable[]> {
  const found: Unreadable[] = [];
  for (const key of (await scanKeys(redis, `${PREFIX}:*`)).sort()) {
    const kind = KINDS.find(({ prefix }) => key.startsWith(prefix));
    // BullMQ's own, and what is no business of ours.
    if (kind === undefined || LANE_KEYS.some((prefix) => key.startsWith(prefix))) continue;
    const type = await orStoreError(redis.type(key));
    if (type === "none") continue;
    if (type !== kind.type) found.push({ kind: "key", name: key, why: "broken" });
    else found.push(...((await kind.look?.(redis, key)) ?? []));
  }
  return found;
}

async function inOperation(redis: Redis, key: string): Promise<Unreadable[]> {
  const id = key.slice(OPERATION_PREFIX.length);
  const text = await orStoreError(redis.hget(key, "record"));
  return unread("operation", id, () => {
    const operation = parseRecord(text ?? "", id);
    return operation.id === id && isOperationId(id) ? operation : parseRecord("", id);
  });
}

async function inNote(redis: Redis, key: string): Promise<Unreadable[]> {
  const text = await orStoreError(redis.get(key));
  return text === null ? [] : unread("note", key, () => ({ value: parseNote(text, key) }));
}

async function inAgents(redis: Redis, key: string): Promise<Unreadable[]> {
  const texts = Object.entries(await orStoreError(redis.hgetall(key)));
  return texts.flatMap(([name, text]) => unread("agent", name, () => parseAgent(text, name)));
}

async function inAudit(redis: Redis, key: string): Promise<Unreadable[]> {
  const entries = await orStoreError(redis.xrange(key, "-", "+"));
  return entries.flatMap(([entry, fields]) =>
    unread("event", `${key} ${entry}`, () => parseEvent(fields[1] ?? "", entry)),
  );
}

function inHashOf(schema: z.ZodType<object>) {
  return (redis: Redis, key: string) => unreadableIn(redis, key, schema);
}

function unread(kind: Unreadable["kind"], name: string, read: () => object): Unreadable[] {
  const found = orReason(read);
  return typeof found === "string" ? [{ kind, name, why: found }] : [];
}
