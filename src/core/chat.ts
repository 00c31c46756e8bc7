import type { Json } from "./json.ts";

export const CHATS = ["discord", "telegram"] as const;
export type ChatName = (typeof CHATS)[number];

/** Where in a chat something is said. */
export interface Place {
  readonly channel: ChatName;
  /** Discord: the id of a channel or thread. Telegram: the id of a chat, negative for groups. */
  readonly chat: string;
  /** Telegram: the id of a forum's topic. null elsewhere. */
  readonly topic: string | null;
}

/** Where a command came from. */
export interface Origin {
  readonly place: Place;
  /** The same each time a chat delivers the same request: asking twice with one key asks once. */
  readonly key: string;
}

/** Small values that channels keep across restarts, such as the id of a message. Calls may throw OpsError `store-unavailable`. */
export interface ChannelMemory {
  /** null when there is none, or not any more. */
  get(key: string): Promise<Json>;
  /** Replaces what was there; forgotten after `forMs`. */
  put(key: string, value: Json, forMs: number): Promise<void>;
  /** Idempotent. */
  remove(key: string): Promise<void>;
}

/** Counts what people do. May throw OpsError `store-unavailable`. */
export interface RateLimiter {
  /** Counts one more under `key`. @returns 0 when it is within `limit` per `windowMs`, else how many milliseconds to wait. */
  take(key: string, limit: number, windowMs: number): Promise<number>;
}
