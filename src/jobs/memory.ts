import type { Redis } from "ioredis";
import { z } from "zod";
import type { ChannelMemory, RateLimiter } from "../core/chat.ts";
import { orStoreError } from "./connection.ts";
import { keys } from "./keys.ts";
import { parseStored } from "./record.ts";
import { runScript, TAKE } from "./scripts.ts";

export function createChannelMemory(redis: Redis): ChannelMemory {
  return {
    async get(key) {
      const text = await orStoreError(redis.get(keys.memory(key)));
      return text === null ? null : parseStored(z.json(), text, "something a channel kept");
    },
    async put(key, value, forMs) {
      await orStoreError(redis.set(keys.memory(key), JSON.stringify(value), "PX", forMs));
    },
    async remove(key) {
      await orStoreError(redis.del(keys.memory(key)));
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
