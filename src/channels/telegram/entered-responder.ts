import type { Actor } from "../../core/actor.ts";
import type { ChatMessage, Posted, Responder } from "../channel.ts";
import type { Client } from "./client.ts";
import type { ResponderParts } from "./command-responder.ts";
import { refusalOf } from "./errors.ts";
import { privateChat } from "./people.ts";
import { noDialogs } from "./private-answer.ts";
import type { TelegramMessage } from "./update.ts";

/** Talks to the person who sent a secret to their private chat. `asked`: the message that asked for it; null when that is not known. */
export function createEnteredResponder(
  { client, posts }: ResponderParts,
  actor: Actor,
  asked: Posted | null,
): Responder {
  const place = privateChat(actor);
  // The message itself has been deleted, so nothing answers it.
  const send = (message: ChatMessage) => posts.send(place, message, { notify: null, silent: false, replyTo: null });
  return {
    async wait() {
      // Only a courtesy: where it does not work, the answer tells why.
      await client
        .call({ chat: place.chat, kind: "typing" }, (api) => api.sendChatAction(Number(place.chat), "typing"))
        .catch(() => undefined);
    },
    answer: send,
    // The status message takes the place of the question.
    accept: async () => undefined,
    turnAway: async () => undefined,
    dialog: async () => noDialogs(),
    async disarm() {
      if (asked !== null) await posts.disarm(asked);
    },
    async replace(message) {
      if (asked === null || (await posts.edit(asked, message)) !== "done") await send(message);
    },
  };
}

/** Whether it is gone. A bot may delete what people send it in private, for two days. Tried twice: whether it worked may be all that was lost. Never throws. */
export async function discardMessage(client: Client, { chat, message_id: id }: TelegramMessage): Promise<boolean> {
  const discard = async () => {
    try {
      await client.call({ chat: String(chat.id), kind: "remove" }, (api) => api.deleteMessage(chat.id, id));
      return "gone";
    } catch (error) {
      return refusalOf(error)?.type ?? "unknown";
    }
  };
  const first = await discard();
  return (first === "unknown" ? await discard() : first) === "gone";
}
