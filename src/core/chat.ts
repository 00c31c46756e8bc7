import type { Json } from "./json.ts";

export const CHATS = ["discord", "telegram"] as const;
export type ChatName = (typeof CHATS)[number];

/** Where in a chat something is said. It is kept in records as it is, so it is a type of JSON. */
export type Place = {
  readonly channel: ChatName;
  /** Discord: the id of a channel or thread. Telegram: the id of a chat, negative for groups. */
  readonly chat: string;
  /** Telegram: the id of a forum's topic. null elsewhere. */
  readonly topic: string | null;
};

export function isPlace(value: unknown): value is Place {
  if (typeof value !== "object" || value === null) return false;
  const { channel, chat, topic } = value as Partial<Record<keyof Place, unknown>>;
  const isChat = CHATS.some((one) => one === channel) && typeof chat === "string";
  return isChat && (topic === null || typeof topic === "string");
}

/** Where a command came from. */
export interface Origin {
  readonly place: Place;
  /** The same each time a chat delivers the same request: asking twice with one key asks once. */
  readonly key: string;
}

/** Small values that channels keep across restarts, such as the id of a message. Calls may throw OpsError `store-unavailable`. */
export interface ChannelMemory {
  /** null when there is none, not any more, or none that can be read. @throws OpsError `unknown-version` for what a newer Creel keeps. */
  get(key: string): Promise<Json>;
  /** Replaces what was there; forgotten after `forMs`. @throws as `get`, having changed nothing. */
  put(key: string, value: Json, forMs: number): Promise<void>;
  /** Of all that are kept, whose keys begin with `prefix`. */
  names(prefix: string): Promise<string[]>;
  /** Idempotent. Leaves alone what a newer Creel keeps. */
  remove(key: string): Promise<void>;
}

/** Counts what people do. May throw OpsError `store-unavailable`. */
export interface RateLimiter {
  /** Counts one more under `key`. @returns 0 when it is within `limit` per `windowMs`, else how many milliseconds to wait. */
  take(key: string, limit: number, windowMs: number): Promise<number>;
}
