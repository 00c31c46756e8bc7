import { InteractionResponseType, MessageFlags, Routes } from "discord.js";
import { z } from "zod";
import type { Place } from "../../core/chat.ts";
import { OpsError } from "../../core/errors.ts";
import type { ChatMessage, Posted, Responder } from "../channel.ts";
import { type DiscordApi, readAnswer } from "./api.ts";
import { CODE, discordCode } from "./errors.ts";
import type { Ticket } from "./interaction.ts";
import type { Messages } from "./messages.ts";
import { type Payload, payloadOf } from "./payload.ts";

/** Source: Discord API, "Receiving and Responding": 15 minutes, less what the way takes. That the first answer came within 3 seconds is told by Discord. */
const TOKEN_MS = 15 * 60_000 - 10_000;

const message = z.object({ id: z.string() });
const firstAnswer = z.object({ resource: z.object({ message }) });
/** What Discord says about a token, or an answer behind it, that is no more. */
const OVER: ReadonlySet<number | null> = new Set([
  CODE.expiredToken,
  CODE.unknownWebhook,
  CODE.unknownInteraction,
  CODE.unknownMessage,
]);

export interface Answering {
  readonly api: DiscordApi;
  readonly messages: Messages;
  readonly now: () => number;
  readonly ticket: Ticket;
  readonly place: Place;
  /** The message whose button was pressed; null for a command. */
  readonly source: { readonly id: string; readonly isEphemeral: boolean } | null;
}

/**
 * fresh: Discord waits for the first answer · thinking: it shows "… is thinking", to be filled · updating: it waits for a change of the
 * pressed message · open: answered, more may follow · lost: it was too late.
 */
type State = "fresh" | "thinking" | "updating" | "open" | "lost";

/**
 * Answers one interaction. A public answer after `wait`, or one that comes too late, is an ordinary message; a private one has nowhere
 * else to go and is dropped.
 */
export function createResponder({ api, messages, now, ticket, place, source }: Answering): Responder {
  const receivedMs = now();
  let state: State = "fresh";
  let last: Promise<unknown> = Promise.resolve();

  /** One at a time: an answer must not overtake the deferral before it. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const next = last.then(act);
    last = next.catch(() => undefined);
    return next;
  }

  const isAlive = () => state !== "fresh" && state !== "lost" && now() - receivedMs < TOKEN_MS;
  const original = () => Routes.webhookMessage(ticket.applicationId, ticket.token, "@original");

  /** @returns Discord's reply, or null when this cannot be the first answer any more. */
  async function first(type: InteractionResponseType, next: State, payload: Payload): Promise<unknown> {
    if (state !== "fresh") return null;
    const route = Routes.interactionCallback(ticket.id, ticket.token);
    const request = { method: "POST", route, query: { with_response: "true" }, auth: false } as const;
    try {
      const answer = await api.request({ ...request, body: { type, data: payload.body }, files: payload.files });
      state = next;
      return answer;
    } catch (error) {
      const code = discordCode(error);
      if (code === CODE.unknownInteraction) state = "lost";
      // An earlier attempt whose reply was lost did arrive.
      else if (code === CODE.alreadyAcknowledged) state = "open";
      else throw error;
      return null;
    }
  }

  async function privately(shown: ChatMessage): Promise<Posted | null> {
    const { body, files } = payloadOf(shown);
    const payload = { body: { ...body, flags: MessageFlags.Ephemeral }, files };
    const answer = await first(InteractionResponseType.ChannelMessageWithSource, "open", payload);
    if (answer !== null) return { place, id: readAnswer(firstAnswer, answer).resource.message.id };
    if (!isAlive()) return null;
    try {
      const isFilled = state === "thinking";
      const made = isFilled
        ? await api.request({ method: "PATCH", route: original(), body, files, auth: false })
        : await api.request({
            method: "POST",
            route: Routes.webhook(ticket.applicationId, ticket.token),
            query: { wait: "true" },
            ...payload,
            auth: false,
          });
      if (isFilled) state = "open";
      return { place, id: readAnswer(message, made).id };
    } catch (error) {
      if (OVER.has(discordCode(error))) return null;
      throw error;
    }
  }

  async function publicly(shown: ChatMessage): Promise<Posted | null> {
    const answer = await first(InteractionResponseType.ChannelMessageWithSource, "open", payloadOf(shown));
    if (answer !== null) return { place, id: readAnswer(firstAnswer, answer).resource.message.id };
    try {
      // The same key each time, so that an answer whose reply was lost is not given twice.
      const posted = await messages.post(place, shown, { key: ticket.id, notify: null, aloud: true, replyTo: null });
      await stopThinking();
      return posted;
    } catch (error) {
      // Who asked should read the answer even where the bot may not write.
      if (error instanceof OpsError && error.code === "chat-forbidden" && isAlive()) return await privately(shown);
      throw error;
    }
  }

  async function stopThinking(): Promise<void> {
    if (state !== "thinking" || !isAlive()) return;
    state = "open";
    // What is left is a line that only one person sees; the answer itself has arrived.
    await api.request({ method: "DELETE", route: original(), auth: false }).catch(() => undefined);
  }

  async function replaced(shown: ChatMessage, pressed: NonNullable<typeof source>): Promise<void> {
    const payload = payloadOf(shown);
    if ((await first(InteractionResponseType.UpdateMessage, "open", payload)) !== null) return;
    if (!pressed.isEphemeral) {
      await messages.edit({ place, id: pressed.id }, shown);
      await stopThinking();
    } else if (isAlive()) {
      // Only the interaction can change an ephemeral message, and `wait` has kept it as the original.
      await api.request({ method: "PATCH", route: original(), ...payload, auth: false }).catch((error: unknown) => {
        if (!OVER.has(discordCode(error))) throw error;
      });
    }
  }

  return {
    wait: () =>
      inTurn(async () => {
        const [type, next, body] = source?.isEphemeral
          ? ([InteractionResponseType.DeferredMessageUpdate, "updating", {}] as const)
          : ([
              InteractionResponseType.DeferredChannelMessageWithSource,
              "thinking",
              { flags: MessageFlags.Ephemeral },
            ] as const);
        await first(type, next, { body, files: [] });
      }),
    answer: (shown) => inTurn(() => (shown.private ? privately(shown) : publicly(shown))),
    accept: (shown) =>
      inTurn(async () => {
        await privately(shown);
      }),
    replace: (shown) =>
      inTurn(async () => {
        if (source === null) await (shown.private ? privately(shown) : publicly(shown));
        else await replaced(shown, source);
      }),
  };
}
