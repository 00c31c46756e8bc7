import type { Actor } from "../../core/actor.ts";
import type { Place } from "../../core/chat.ts";
import { OpsError } from "../../core/errors.ts";
import type { ChatMessage, Posted } from "../channel.ts";
import { openAChatFirst } from "../render/chat.ts";
import { isGroup, privateChat } from "./people.ts";
import type { Posts } from "./posts.ts";

/** Where something was asked, and by whom. */
export interface Asked {
  readonly actor: Actor;
  readonly place: Place;
  /** The message that was typed, or that carried the button. */
  readonly message: string;
}

/** Said in the group instead of the answer: for a pop-up, and as Telegram's HTML. */
export interface Word {
  readonly text: string;
  readonly html: string;
}

/**
 * Sends what only one person may read. A bot may not write to somebody who has not started it; then nothing is sent, and the
 * word to say instead is returned. `botName` without "@".
 */
export async function answerPrivately(
  posts: Posts,
  { actor, place, message: replyTo }: Asked,
  message: ChatMessage,
  botName: string,
): Promise<{ readonly posted: Posted } | { readonly word: Word }> {
  const options = { notify: null, silent: false };
  if (!isGroup(place)) return { posted: await posts.send(place, message, { ...options, replyTo }) };
  try {
    return { posted: await posts.send(privateChat(actor), message, { ...options, replyTo: null }) };
  } catch (error) {
    if (!(error instanceof OpsError && error.code === "chat-forbidden")) throw error;
    const link = `t.me/${botName}`;
    return { word: { text: openAChatFirst(link), html: openAChatFirst(`<a href="https://${link}">${link}</a>`) } };
  }
}

/** Bots have none; secrets are sent as messages. @throws OpsError `internal`. */
export function noDialogs(): never {
  throw new OpsError({ code: "internal", userMessage: "Telegram has no dialogs." });
}
