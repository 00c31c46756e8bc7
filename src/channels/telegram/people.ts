import type { Actor } from "../../core/actor.ts";
import type { Place } from "../../core/chat.ts";
import { ANONYMOUS, SOMEBODY } from "../render/chat.ts";
import type { TelegramMessage, TelegramUser } from "./update.ts";

/** An id that no person has, for those of whom it is not known who they are. */
const NOBODY = "0";

export function personOf(user: TelegramUser): Actor {
  const full = [user.first_name, user.last_name ?? ""].join(" ").trim();
  const name = full === "" ? `@${user.username ?? user.id}` : full;
  return { channel: "telegram", user: user.is_bot ? NOBODY : String(user.id), roles: [], name };
}

/**
 * Who wrote a message. What is written in the name of a group or a channel comes with a made-up user (GroupAnonymousBot) that
 * every administrator shares, so it gets the chat's own id, which is negative and no person's.
 */
export function authorOf({ sender_chat: chat, from }: TelegramMessage): Actor {
  if (chat !== undefined) {
    return { channel: "telegram", user: String(chat.id), roles: [], name: chat.title ?? ANONYMOUS };
  }
  return from === undefined ? { channel: "telegram", user: NOBODY, roles: [], name: SOMEBODY } : personOf(from);
}

/** Whether there is a private chat in which to answer them. */
export function isPerson({ user }: Actor): boolean {
  return /^[1-9]\d*$/.test(user);
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
