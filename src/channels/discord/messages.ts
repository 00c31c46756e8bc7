import { MessageFlags, Routes } from "discord.js";
import { z } from "zod";
import type { Place } from "../../core/chat.ts";
import { OpsError } from "../../core/errors.ts";
import type { Chat, ChatMessage, Posted, PostOptions } from "../channel.ts";
import { type DiscordApi, readAnswer } from "./api.ts";
import { CODE, discordCode } from "./errors.ts";
import { type Payload, payloadOf, withoutFiles } from "./payload.ts";
import { madeAtMs } from "./snowflake.ts";

const made = z.object({ id: z.string() });

/** Later edits have a small limit of their own, which Discord states as 30046 or as an ordinary 429. */
const FREELY_EDITED_MS = 60 * 60_000;

export interface Messages extends Pick<Chat, "post" | "edit" | "remove"> {
  /** Takes away the buttons. What cannot be changed any more stays as it is. */
  disarm(posted: Posted): Promise<void>;
}

export const WITHOUT_BUTTONS: Payload = { body: { components: [] }, files: [] };

/** Ordinary messages, by the routes of their channel: they outlive interactions. */
export function createMessages(api: DiscordApi, now: () => number): Messages {
  async function send(place: Place, { body, files }: Payload): Promise<Posted> {
    const answer = await api.request({ method: "POST", route: Routes.channelMessages(place.chat), body, files });
    return { place, id: readAnswer(made, answer).id };
  }

  async function post(
    place: Place,
    message: ChatMessage,
    { key, notify, replyTo, aloud }: PostOptions,
  ): Promise<Posted> {
    const payload = payloadOf(message, notify);
    const reply = replyTo === null ? {} : { message_reference: { message_id: replyTo, fail_if_not_exists: false } };
    // Within some minutes Discord answers a repeated nonce with the message it already has.
    const once = key === null ? {} : { nonce: key, enforce_nonce: true };
    const silent = notify === null && aloud !== true ? { flags: MessageFlags.SuppressNotifications } : {};
    const whole = { ...payload, body: { ...payload.body, ...once, ...reply, ...silent } };
    try {
      return await send(place, whole);
    } catch (error) {
      const poorer = poorerThan(whole, error);
      if (poorer === null) throw error;
      return await send(place, poorer);
    }
  }

  async function put({ place, id }: Posted, payload: Payload): Promise<"done" | "gone" | "frozen"> {
    try {
      await change(api, Routes.channelMessage(place.chat, id), payload);
      return "done";
    } catch (error) {
      const code = discordCode(error);
      if (code === CODE.unknownMessage) return "gone";
      // A new message would open an archived thread again; an edit cannot.
      if (code === CODE.tooOldToEdit || code === CODE.archivedThread) return "frozen";
      if (isToldToWait(error) && now() - madeAtMs(id) > FREELY_EDITED_MS) return "frozen";
      throw error;
    }
  }

  return {
    post,
    edit: (posted, message) => put(posted, payloadOf(message)),
    async disarm(posted) {
      await put(posted, WITHOUT_BUTTONS);
    },
    async remove({ place, id }) {
      try {
        await api.request({ method: "DELETE", route: Routes.channelMessage(place.chat, id) });
      } catch (error) {
        const code = discordCode(error);
        if (code !== CODE.unknownMessage && code !== CODE.unknownChannel) throw error;
      }
    },
  };
}

async function change(api: DiscordApi, route: `/${string}`, payload: Payload): Promise<void> {
  try {
    await api.request({ method: "PATCH", route, ...payload });
  } catch (error) {
    const poorer = poorerThan(payload, error);
    if (poorer === null) throw error;
    await api.request({ method: "PATCH", route, ...poorer });
  }
}

function isToldToWait(error: unknown): boolean {
  return error instanceof OpsError && error.code === "chat-unavailable" && error.retryAfterMs !== null;
}

/** The same without what a missing permission may have kept out; null when that cannot be why. It is the service's word, not a repetition. */
function poorerThan(payload: Payload, error: unknown): Payload | null {
  const code = discordCode(error);
  if (code === CODE.missingPermissions && payload.files.length > 0) return withoutFiles(payload);
  if (code !== CODE.noHistoryForReply) return null;
  const { message_reference: _, ...body } = payload.body;
  return { ...payload, body };
}
