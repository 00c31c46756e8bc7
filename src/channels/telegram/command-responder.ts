import type { ChatMessage, Posted, Responder } from "../channel.ts";
import type { Allowance } from "./allowance.ts";
import type { Client } from "./client.ts";
import { isGroup } from "./people.ts";
import type { Posts } from "./posts.ts";
import { type Asked, answerPrivately, noDialogs } from "./private-answer.ts";

export interface ResponderParts {
  readonly client: Client;
  readonly posts: Posts;
  readonly strangers: Allowance;
  /** Of this bot, without "@". */
  readonly botName: string;
}

/** Talks to the person who typed a command. */
export function createCommandResponder({ client, posts, strangers, botName }: ResponderParts, asked: Asked): Responder {
  const { place, message: replyTo } = asked;

  async function answer(message: ChatMessage): Promise<Posted | null> {
    // The person hears an answer anyhow; the others of a group need not.
    if (!message.private) return posts.send(place, message, { notify: null, silent: isGroup(place), replyTo });
    const outcome = await answerPrivately(posts, asked, message, botName);
    if ("posted" in outcome) {
      if (isGroup(place)) void leaveTrace();
      return outcome.posted;
    }
    await posts.say(place, outcome.word.html, replyTo);
    return null;
  }

  /** So that the others of a group see that the command was heard. Only a courtesy: nothing waits for it, nor fails with it. */
  async function leaveTrace(): Promise<void> {
    const seen = [{ type: "emoji", emoji: "👌" } as const];
    await client
      .call(null, (api) => api.setMessageReaction(Number(place.chat), Number(replyTo), seen))
      .catch(() => undefined);
  }

  return {
    async wait() {
      const topic = place.topic === null ? {} : { message_thread_id: Number(place.topic) };
      // Only a courtesy: where it does not work, the answer tells why.
      await client
        .call({ chat: place.chat, kind: "typing" }, (api) => api.sendChatAction(Number(place.chat), "typing", topic))
        .catch(() => undefined);
    },
    answer,
    // Nobody expects a word for every command; the status message is one.
    accept: async () => undefined,
    async turnAway(message, again) {
      if (again || !strangers.take(place.chat)) return;
      await posts.send(place, message, { notify: null, silent: true, replyTo }).catch(() => undefined);
    },
    dialog: async () => noDialogs(),
    disarm: async () => undefined,
    async replace(message) {
      await answer(message);
    },
  };
}
