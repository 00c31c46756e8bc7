import type { ChatMessage, Posted, Responder } from "../channel.ts";
import type { Client } from "./client.ts";
import { isGroup } from "./people.ts";
import type { Posts } from "./posts.ts";
import { type Asked, answerPrivately } from "./private-answer.ts";

export interface ResponderParts {
  readonly client: Client;
  readonly posts: Posts;
  /** Of this bot, without "@". */
  readonly botName: string;
}

/** Talks to the person who typed a command. */
export function createCommandResponder({ client, posts, botName }: ResponderParts, asked: Asked): Responder {
  const { place, message: replyTo } = asked;

  async function answer(message: ChatMessage): Promise<Posted | null> {
    // The person hears an answer anyhow; the others of a group need not.
    if (!message.private) return posts.send(place, message, { notify: null, silent: isGroup(place), replyTo });
    const outcome = await answerPrivately(posts, asked, message, botName);
    if ("posted" in outcome) return outcome.posted;
    await posts.say(place, outcome.word.html, replyTo);
    return null;
  }

  return {
    async wait() {
      const topic = place.topic === null ? {} : { message_thread_id: Number(place.topic) };
      // Only a courtesy: where it does not work, the answer tells why.
      await client
        .call(place.chat, (api) => api.sendChatAction(Number(place.chat), "typing", topic))
        .catch(() => undefined);
    },
    answer,
    // Nobody expects a word for every command; the status message is one.
    accept: async () => undefined,
    async replace(message) {
      await answer(message);
    },
  };
}
