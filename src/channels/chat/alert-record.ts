import { createHash } from "node:crypto";
import { z } from "zod";
import type { ChannelMemory } from "../../core/chat.ts";
import { postedSchema } from "./places.ts";

const schema = z.object({
  /** Of the concern; null: told by an older Creel, which knew of none. */
  episode: z.string().nullable().default(null),
  severity: z.enum(["person", "note"]),
  title: z.string(),
  /** Tells what is shown there from what it was before. */
  shown: z.string().default(""),
  firstAtMs: z.number(),
  /** null while it is not known to be posted. */
  posted: postedSchema.nullable(),
});

/** What one place has been told of one concern. */
export type AlertRecord = z.output<typeof schema>;

/** What lasts is settled long after it was told. */
const KEPT_MS = 90 * 24 * 60 * 60_000;

/** May throw OpsError `store-unavailable`. */
export interface AlertRecords {
  /** All that can be read, by the keys of their concerns. */
  all(): Promise<Map<string, AlertRecord>>;
  save(key: string, record: AlertRecord): Promise<void>;
  remove(key: string): Promise<void>;
}

/** `owner` keeps the records of several places apart. */
export function createAlertRecords(memory: ChannelMemory, owner: string): AlertRecords {
  const prefix = `alert:${owner}:`;
  return {
    async all() {
      const found = new Map<string, AlertRecord>();
      for (const name of await memory.names(prefix)) {
        const record = schema.safeParse(await memory.get(name));
        if (record.success) found.set(name.slice(prefix.length), record.data);
      }
      return found;
    },
    save: (key, record) => memory.put(prefix + key, record, KEPT_MS),
    remove: (key) => memory.remove(prefix + key),
  };
}

/** At most 25 characters, the same for the same alert at the same time, so that posting it again makes no second message. */
export function postKey(key: string, firstAtMs: number, mark: "a" | "s" | "d"): string {
  return mark + createHash("sha256").update(`${firstAtMs} ${key}`).digest("base64url").slice(0, 24);
}
