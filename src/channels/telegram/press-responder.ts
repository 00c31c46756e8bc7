import type { ChatMessage, Posted, Responder } from "../channel.ts";
import type { ResponderParts } from "./command-responder.ts";
import { composeAlert, composeNotice } from "./compose.ts";
import { isGroup } from "./people.ts";
import { type Asked, answerPrivately, noDialogs } from "./private-answer.ts";

interface PressResponder extends Responder {
  /** The button stops waiting in any case. Never throws. */
  finish(): Promise<void>;
}

/**
 * Talks to the person who pressed a button, which keeps turning until its query is answered: once, by whatever comes first. Only an
 * answer that did not reach Telegram is given again.
 */
export function createPressResponder(parts: ResponderParts, asked: Asked, query: string): PressResponder {
  const { client, posts, botName } = parts;
  const { place, message: carrier } = asked;
  let acknowledged = false;

  /** True when the person sees it. */
  async function acknowledge(text: string | null, showAlert = false): Promise<boolean> {
    if (acknowledged) return false;
    acknowledged = true;
    const more = text === null ? {} : { text, show_alert: showAlert };
    try {
      return await client.call(null, (api) => api.answerCallbackQuery(query, more));
    } catch (error) {
      const known = client.ops(error);
      if (known.code === "chat-unavailable") acknowledged = false;
      return false;
    }
  }

  async function answerInPrivate(message: ChatMessage): Promise<Posted | null> {
    if (isGroup(place) && !acknowledged) {
      const alert = composeAlert(message);
      if (alert !== null && (await acknowledge(alert, true))) return null;
    }
    const outcome = await answerPrivately(posts, asked, message, botName);
    if ("posted" in outcome) {
      await acknowledge(null);
      return outcome.posted;
    }
    if (!(await acknowledge(outcome.word.text, true))) await posts.say(place, outcome.word.html, carrier);
    return null;
  }

  return {
    async wait() {
      await acknowledge(null);
    },
    async answer(message) {
      if (message.private) return answerInPrivate(message);
      await acknowledge(null);
      return posts.send(place, message, { notify: null, silent: isGroup(place), replyTo: carrier });
    },
    async accept(message) {
      await acknowledge(composeNotice(message));
    },
    async turnAway(message, again) {
      await acknowledge(again ? null : composeAlert(message), !again);
    },
    dialog: async () => noDialogs(),
    disarm: () => posts.disarm({ place, id: carrier }),
    async replace(message) {
      await acknowledge(null);
      const outcome = await posts.edit({ place, id: carrier }, message);
      if (outcome !== "done")
        await posts.send(place, message, { notify: null, silent: isGroup(place), replyTo: carrier });
    },
    async finish() {
      await acknowledge(null);
    },
  };
}

/** For a button whose message Telegram does not tell. */
export async function dismissPress({ client }: ResponderParts, query: string): Promise<void> {
  // There is nobody else to tell that it did not work.
  await client.call(null, (api) => api.answerCallbackQuery(query)).catch(() => undefined);
}
