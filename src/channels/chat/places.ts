import { z } from "zod";
import { isPlace, type Place } from "../../core/chat.ts";
import type { Posted } from "../channel.ts";

export const placeSchema = z.custom<Place>(isPlace);

export const postedSchema = z.object({ place: placeSchema, id: z.string() }) satisfies z.ZodType<Posted>;

/** One string for one message. Without the topic: messages are numbered by chat, and not every event tells the topic. */
export function messageKey({ place, id }: Posted): string {
  return `${place.channel}:${place.chat}/${id}`;
}

/** The message that `messageKey` made this of, as far as that says; null for what it did not make. */
export function postedIn(key: string): Posted | null {
  const [, channel, chat = "", id = ""] = /^(\w+):([^/]+)\/(.+)$/.exec(key) ?? [];
  const place = { channel, chat, topic: null };
  return isPlace(place) ? { place, id } : null;
}

/** Places that share one allowance. Telegram counts what is said in a chat, whatever its topic. */
export function laneKey({ channel, chat }: Place): string {
  return `${channel}:${chat}`;
}

export function isSamePlace(one: Place, other: Place): boolean {
  return laneKey(one) === laneKey(other) && one.topic === other.topic;
}
