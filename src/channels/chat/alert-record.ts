import { createHash } from "node:crypto";
import { z } from "zod";
import type { ChannelMemory } from "../../core/chat.ts";
import { postedSchema } from "./places.ts";

const schema = z.object({
  severity: z.enum(["person", "note"]),
  title: z.string(),
  firstAtMs: z.number(),
  lastAtMs: z.number(),
  count: z.number().int().positive(),
  /** null while it is not known to be posted. */
  posted: postedSchema.nullable(),
});

/** What one place has been told of one alert. */
export type AlertRecord = z.output<typeof schema>;

/** Repeats within this time are folded into the first message. */
export const FOLD_MS = 24 * 60 * 60_000;
/** What lasts is settled long after it was last folded. */
const KEPT_MS = 30 * FOLD_MS;

/** May throw OpsError `store-unavailable`. */
export interface AlertRecords {
  load(key: string): Promise<AlertRecord | null>;
  save(key: string, record: AlertRecord): Promise<void>;
  remove(key: string): Promise<void>;
}

/** `owner` keeps the records of several places apart. */
export function createAlertRecords(memory: ChannelMemory, owner: string): AlertRecords {
  const keyOf = (key: string) => `alert:${owner}:${key}`;
  return {
    async load(key) {
      const found = schema.safeParse(await memory.get(keyOf(key)));
      return found.success ? found.data : null;
    },
    save: (key, record) => memory.put(keyOf(key), record, KEPT_MS),
    remove: (key) => memory.remove(keyOf(key)),
  };
}

/** At most 25 characters, the same for the same alert at the same time, so that posting it again makes no second message. */
export function postKey(key: string, firstAtMs: number, mark: "a" | "s" | "d"): string {
  return mark + createHash("sha256").update(`${firstAtMs} ${key}`).digest("base64url").slice(0, 24);
}
