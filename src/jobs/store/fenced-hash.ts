import type { Redis } from "ioredis";
import type { z } from "zod";
import type { Held } from "../../core/lease.ts";
import type { Unreadable } from "../../core/unreadable.ts";
import { orStoreError } from "./connection.ts";
import { keys } from "./keys.ts";
import { superseded } from "./port.ts";
import { FORMAT, orReason, parseStored, storedText } from "./record.ts";
import { PUT_FENCED, REMOVE_FENCED, runScript } from "./scripts.ts";

/** A hash of records that only whoever holds a lease may write, where there is one. What a newer Creel has written in it is left as it is. */
export interface FencedHash<T> {
  /** Those that can be read, by field. */
  all(): Promise<Map<string, T>>;
  /** @throws OpsError `superseded` when the lease is somebody else's by now. */
  put(field: string, value: T, by: Held | null): Promise<void>;
  /** Idempotent. @throws as `put`. */
  remove(field: string, by: Held | null): Promise<void>;
}

/** Every text is redacted before it is stored. */
export function createFencedHash<T extends object>(
  redis: Redis,
  key: string,
  schema: z.ZodType<T>,
  redact: (text: string) => string,
): FencedHash<T> {
  const write = async (script: typeof PUT_FENCED, by: Held | null, ...args: readonly (string | number)[]) => {
    const lease = keys.lease(by?.name ?? "");
    const reply = await runScript(redis, script, [key, lease], [by?.fence ?? "", FORMAT, ...args, keys.watched]);
    if (reply === -1) throw superseded();
  };
  return {
    async all() {
      const found = await read(redis, key, schema);
      return new Map(found.flatMap(([field, value]) => (typeof value === "string" ? [] : [[field, value]])));
    },
    put: (field, value, by) => write(PUT_FENCED, by, field, storedText(redacted(value, redact))),
    remove: (field, by) => write(REMOVE_FENCED, by, field),
  };
}

async function read<T extends object>(redis: Redis, key: string, schema: z.ZodType<T>) {
  const texts = Object.entries(await orStoreError(redis.hgetall(key)));
  return texts.map(([field, text]) => {
    const value = orReason(() => parseStored(schema, text, { kind: "note", name: nameOf(key, field) }));
    return [field, value] as const;
  });
}

/** What `all` leaves out. */
export async function unreadableIn(redis: Redis, key: string, schema: z.ZodType<object>): Promise<Unreadable[]> {
  return (await read(redis, key, schema)).flatMap(([field, value]): Unreadable[] =>
    typeof value === "string" ? [{ kind: "note", name: nameOf(key, field), why: value }] : [],
  );
}

function nameOf(key: string, field: string): string {
  return `${key} ${field}`;
}

function redacted<T extends object>(value: T, redact: (text: string) => string): T {
  return JSON.parse(JSON.stringify(value, (_, inner: unknown) => (typeof inner === "string" ? redact(inner) : inner)));
}
