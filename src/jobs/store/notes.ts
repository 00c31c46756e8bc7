import type { Redis } from "ioredis";
import { z } from "zod";
import type { ChannelMemory, RateLimiter } from "../../core/chat.ts";
import type { Json } from "../../core/json.ts";
import { orStoreError } from "./connection.ts";
import { keys, scanKeys } from "./keys.ts";
import { FORMAT, parseStored, reasonOf, storedText, unreadableError } from "./record.ts";
import { PUT_NOTE, REMOVE_NOTE, runScript, TAKE } from "./scripts.ts";

/** The value, which is null for none. Notes of before there were formats are the value itself. @throws as `parseStored`. */
export function parseNote(text: string, key: string): Json {
  const what = { kind: "note", name: keys.memory(key) } as const;
  const note = parseStored(z.union([z.object({ format: z.number(), value: z.json() }), z.json()]), text, what);
  return typeof note === "object" && note !== null && "format" in note && "value" in note ? note.value : note;
}

export function createChannelMemory(redis: Redis): ChannelMemory {
  return {
    async get(key) {
      try {
        const text = await orStoreError(redis.get(keys.memory(key)));
        return text === null ? null : parseNote(text, key);
      } catch (error) {
        // What is broken is as good as forgotten: it is written anew.
        if (reasonOf(error) === "broken") return null;
        throw error;
      }
    },
    async put(key, value, forMs) {
      const put = await runScript(redis, PUT_NOTE, [keys.memory(key)], [FORMAT, storedText({ value }), forMs]);
      if (put !== 1) throw unreadableError({ kind: "note", name: keys.memory(key), why: "newer" });
    },
    async names(prefix) {
      const found = await scanKeys(redis, `${keys.memory(prefix.replace(/[*?[\]\\]/g, "\\$&"))}*`);
      return found.map((name) => name.slice(keys.memory("").length)).sort();
    },
    async remove(key) {
      await runScript(redis, REMOVE_NOTE, [keys.memory(key)], [FORMAT]);
    },
  };
}

/** The window starts with the first of its events. */
export function createRateLimiter(redis: Redis): RateLimiter {
  return {
    async take(key, limit, windowMs) {
      return z.number().parse(await runScript(redis, TAKE, [keys.rate(key)], [limit, windowMs]));
    },
  };
}
