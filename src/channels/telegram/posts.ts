import { InputFile } from "grammy";
import type { Actor } from "../../core/actor.ts";
import type { Place } from "../../core/chat.ts";
import type { ChatMessage, Posted } from "../channel.ts";
import { cleanLine, cut } from "../shape/plain-text.ts";
import type { Client } from "./client.ts";
import { type Composed, compose, type Lead } from "./compose.ts";
import { type Refusal, refusalOf } from "./errors.ts";
import { escapeHtml } from "./escape.ts";
import type { Migrations } from "./migrations.ts";
import { isGroup, isPerson } from "./people.ts";
import { createSentMessages, digestOf } from "./sent-messages.ts";

/** Without a preview of what looks like a link after all. */
const NO_PREVIEW = { is_disabled: true };
const LONGEST_NAME = 64;
/** In the place of a digest: what it shows is not known here, but that it has no buttons. */
const DISARMED = "disarmed";

export interface SendOptions {
  readonly notify: Actor | null;
  readonly replyTo: string | null;
  readonly silent: boolean;
}

type Kind = "text" | "caption";
type Edited = "done" | "gone" | "frozen" | "other-kind";

const EDITED: Readonly<Record<Refusal["type"], Edited>> = {
  unchanged: "done",
  gone: "gone",
  frozen: "frozen",
  "no-text": "other-kind",
  "no-caption": "other-kind",
  // The messages of the old group have other numbers in the new one.
  moved: "gone",
};

/** Messages in chats. Errors are OpsErrors. */
export function createPosts(client: Client, migrations: Migrations) {
  const sent = createSentMessages();

  async function sendTo(place: Place, composed: Composed, { silent, replyTo }: SendOptions): Promise<Posted> {
    const common = {
      parse_mode: "HTML" as const,
      disable_notification: silent,
      ...(place.topic === null ? {} : { message_thread_id: Number(place.topic) }),
      ...(replyTo === null
        ? {}
        : { reply_parameters: { message_id: Number(replyTo), allow_sending_without_reply: true } }),
      ...(composed.keyboard === null ? {} : { reply_markup: composed.keyboard }),
    };
    const chat = Number(place.chat);
    const { html, file } = composed;
    const message = await client.call<{ readonly message_id: number }>({ chat: place.chat, kind: "post" }, (api) =>
      file === null
        ? api.sendMessage(chat, html, { ...common, link_preview_options: NO_PREVIEW })
        : api.sendDocument(chat, new InputFile(Buffer.from(file.content), file.name), { ...common, caption: html }),
    );
    const posted: Posted = { place, id: String(message.message_id) };
    sent.put(posted, { kind: file === null ? "text" : "caption", digest: digestOf(composed) });
    return posted;
  }

  function editCall(kind: Kind, { place, id }: Posted, { html, keyboard }: Composed): Promise<unknown> {
    const [chat, message] = [Number(place.chat), Number(id)];
    const common = { parse_mode: "HTML" as const, ...(keyboard === null ? {} : { reply_markup: keyboard }) };
    return client.call<unknown>({ chat: place.chat, kind: "edit" }, (api) =>
      kind === "text"
        ? api.editMessageText(chat, message, html, { ...common, link_preview_options: NO_PREVIEW })
        : api.editMessageCaption(chat, message, { ...common, caption: html }),
    );
  }

  async function editAs(kind: Kind, posted: Posted, composed: Composed): Promise<Edited> {
    const digest = digestOf(composed);
    if (sent.get(posted)?.digest === digest) return "done";
    sent.put(posted, { kind, digest: null });
    try {
      await editCall(kind, posted, composed);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === null) throw client.ops(error);
      if (refusal.type === "moved") migrations.add(posted.place.chat, refusal.chat);
      const outcome = EDITED[refusal.type];
      if (outcome !== "done") return outcome;
    }
    sent.put(posted, { kind, digest });
    return "done";
  }

  return {
    /** The Bot API has no key against sending twice: when an answer is lost, what is sent again is there twice. */
    async send(wanted: Place, message: ChatMessage, options: SendOptions): Promise<Posted> {
      const composed = compose(message, "auto", mentionOf(options.notify, wanted));
      const place = migrations.now(wanted);
      // Message ids of the old group mean others in the new one.
      const inPlace = place === wanted ? options : { ...options, replyTo: null };
      try {
        return await sendTo(place, composed, inPlace);
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal?.type !== "moved") throw client.ops(error);
        migrations.add(place.chat, refusal.chat);
        migrations.add(wanted.chat, refusal.chat);
      }
      return await sendTo(migrations.now(wanted), composed, { ...options, replyTo: null }).catch((error: unknown) => {
        throw client.ops(error);
      });
    },

    /** A line in the adapter's own words, as Telegram's HTML. */
    async say(wanted: Place, html: string, replyTo: string): Promise<void> {
      const place = migrations.now(wanted);
      const composed = { html, keyboard: null, file: null };
      await sendTo(place, composed, { notify: null, silent: true, replyTo: place === wanted ? replyTo : null }).catch(
        (error: unknown) => {
          throw client.ops(error);
        },
      );
    },

    async edit(posted: Posted, message: ChatMessage): Promise<"done" | "gone" | "frozen"> {
      if (migrations.now(posted.place) !== posted.place) return "gone";
      const kind = sent.get(posted)?.kind ?? "text";
      const outcome = await editAs(kind, posted, compose(message, kind));
      if (outcome !== "other-kind") return outcome;
      // Posted before a restart, with a file or without one.
      const other = kind === "text" ? "caption" : "text";
      const second = await editAs(other, posted, compose(message, other));
      return second === "other-kind" ? "frozen" : second;
    },

    /** Takes away the buttons. What cannot be changed any more stays as it is. */
    async disarm(posted: Posted): Promise<void> {
      if (migrations.now(posted.place) !== posted.place) return;
      const { chat } = posted.place;
      const before = sent.get(posted);
      if (before?.digest === DISARMED) return;
      sent.put(posted, { kind: before?.kind ?? "text", digest: DISARMED });
      try {
        await client.call({ chat, kind: "edit" }, (api) => api.editMessageReplyMarkup(Number(chat), Number(posted.id)));
      } catch (error) {
        if (refusalOf(error) !== null) return;
        sent.put(posted, { kind: before?.kind ?? "text", digest: null });
        throw client.ops(error);
      }
    },

    async remove(posted: Posted): Promise<void> {
      if (migrations.now(posted.place) !== posted.place) return;
      sent.remove(posted);
      try {
        const { chat } = posted.place;
        await client.call({ chat, kind: "remove" }, (api) => api.deleteMessage(Number(chat), Number(posted.id)));
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal?.type === "moved") migrations.add(posted.place.chat, refusal.chat);
        if (refusal === null) throw client.ops(error);
      }
    },
  };
}

export type Posts = ReturnType<typeof createPosts>;

/** Only a mention makes a sound for one person of a group, and only for people the bot has met. */
function mentionOf(person: Actor | null, place: Place): Lead | null {
  if (person === null || !isGroup(place) || person.channel !== "telegram" || !isPerson(person)) return null;
  const name = cut(cleanLine(person.name), LONGEST_NAME) || person.user;
  return { html: `<a href="tg://user?id=${person.user}">${escapeHtml(name)}</a>\n`, length: name.length + 1 };
}
