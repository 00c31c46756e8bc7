import type { ChannelMemory, RateLimiter } from "../../src/core/chat.ts";
import type { Json } from "../../src/core/json.ts";

/** Like the one in Redis: values are copies, and expire. */
export function createMemoryOfChannels(now: () => number): ChannelMemory {
  const kept = new Map<string, { readonly text: string; readonly untilMs: number }>();
  return {
    async get(key) {
      const found = kept.get(key);
      if (found === undefined || found.untilMs <= now()) return null;
      const value: Json = JSON.parse(found.text);
      return value;
    },
    async put(key, value, forMs) {
      kept.set(key, { text: JSON.stringify(value), untilMs: now() + forMs });
    },
    names: async (prefix) =>
      [...kept].flatMap(([key, { untilMs }]) => (key.startsWith(prefix) && untilMs > now() ? [key] : [])).sort(),
    async remove(key) {
      kept.delete(key);
    },
  };
}

export function createMemoryLimiter(now: () => number): RateLimiter {
  const windows = new Map<string, { readonly endsAtMs: number; count: number }>();
  return {
    async take(key, limit, windowMs) {
      const open = windows.get(key);
      const window = open !== undefined && open.endsAtMs > now() ? open : { endsAtMs: now() + windowMs, count: 0 };
      windows.set(key, window);
      window.count += 1;
      return window.count <= limit ? 0 : window.endsAtMs - now();
    },
  };
}
