import type { Actor } from "../../core/actor.ts";
import type { Place } from "../../core/chat.ts";
import { whyNoTelegramPerson } from "../../core/people-ids.ts";
import { ANONYMOUS } from "../render/chat.ts";
import type { TelegramMessage, TelegramUser } from "./update.ts";

/** null for a bot, or Telegram itself. */
export function personOf(user: TelegramUser): Actor | null {
  if (user.is_bot || whyNoTelegramPerson(String(user.id)) !== null) return null;
  const full = [user.first_name, user.last_name ?? ""].join(" ").trim();
  const name = full === "" ? `@${user.username ?? user.id}` : full;
  return { channel: "telegram", user: String(user.id), roles: [], name };
}

/**
 * Who wrote a message. What is written in the name of a group or a channel comes with a made-up user (GroupAnonymousBot) that
 * every administrator shares, so it gets the chat's own id, which is negative and no person's. null for whom nobody should answer: two
 * bots that do would never stop, and what a channel publishes is copied into its group by Telegram.
 */
export function authorOf({ sender_chat: chat, from, is_automatic_forward: isCopy }: TelegramMessage): Actor | null {
  if (isCopy === true) return null;
  if (chat !== undefined) {
    return { channel: "telegram", user: String(chat.id), roles: [], name: chat.title ?? ANONYMOUS };
  }
  return from === undefined ? null : personOf(from);
}

/** Whether there is a private chat in which to answer them. */
export function isPerson({ user }: Actor): boolean {
  return whyNoTelegramPerson(user) === null;
}

/** Threads of replies in ordinary groups have a thread id, too, but cannot be written to by it: only topics count. */
export function placeOf({ chat, message_thread_id: thread, is_topic_message: inTopic }: TelegramMessage): Place {
  return { channel: "telegram", chat: String(chat.id), topic: inTopic && thread !== undefined ? String(thread) : null };
}

export function isGroup(place: Place): boolean {
  return place.chat.startsWith("-");
}

/** Where only this person reads. */
export function privateChat(actor: Actor): Place {
  return { channel: "telegram", chat: actor.user, topic: null };
}
