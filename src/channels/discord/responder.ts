import { InteractionResponseType, MessageFlags, Routes } from "discord.js";
import { z } from "zod";
import type { Actor } from "../../core/actor.ts";
import type { Place } from "../../core/chat.ts";
import { OpsError } from "../../core/errors.ts";
import type { ChatMessage, Posted, Responder } from "../channel.ts";
import { renderTooLate } from "../render/late.ts";
import { type DiscordApi, readAnswer } from "./api.ts";
import { CODE, discordCode } from "./errors.ts";
import type { InteractionRef } from "./interaction.ts";
import { type Messages, WITHOUT_BUTTONS } from "./messages.ts";
import { dialogOf, type Payload, payloadOf } from "./payload.ts";
import { OVER, TOKEN_MS, type Whispers } from "./whispers.ts";

const message = z.object({ id: z.string() });
const firstAnswer = z.object({ resource: z.object({ message }) });

export interface Answering {
  readonly api: DiscordApi;
  readonly messages: Messages;
  readonly whispers: Whispers;
  readonly elapsed: () => number;
  readonly ref: InteractionRef;
  readonly actor: Actor;
  readonly place: Place;
  /** The message whose button was pressed; null for a command. */
  readonly source: { readonly id: string; readonly isEphemeral: boolean } | null;
}

export interface DiscordResponder extends Responder {
  /** Discord had given up when it was answered first: the person was told of an error. */
  isLost(): boolean;
}

/**
 * fresh: Discord waits for the first answer · thinking: it shows "… is thinking", to be filled · updating: it waits for a change of the
 * pressed message · open: answered, more may follow · lost: it was too late.
 */
type State = "fresh" | "thinking" | "updating" | "open" | "lost";

/**
 * Answers one interaction. A public answer after `wait`, or one that comes too late, is an ordinary message; instead of a private one, the
 * person is told by name that it came too late.
 */
export function createResponder({
  api,
  messages,
  whispers,
  elapsed,
  ref,
  actor,
  place,
  source,
}: Answering): DiscordResponder {
  const receivedMs = elapsed();
  let state: State = "fresh";
  let last: Promise<unknown> = Promise.resolve();

  /** One at a time: an answer must not overtake the deferral before it. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const next = last.then(act);
    last = next.catch(() => undefined);
    return next;
  }

  const isAlive = () => state !== "fresh" && state !== "lost" && elapsed() - receivedMs < TOKEN_MS;
  const original = () => Routes.webhookMessage(ref.applicationId, ref.token, "@original");

  /** @returns Discord's reply, or null when this cannot be the first answer any more. */
  async function first(type: InteractionResponseType, next: State, payload: Payload): Promise<unknown> {
    if (state !== "fresh") return null;
    const route = Routes.interactionCallback(ref.id, ref.token);
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
            route: Routes.webhook(ref.applicationId, ref.token),
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
      const posted = await messages.post(place, shown, { key: ref.id, notify: null, aloud: true, replyTo: null });
      await stopThinking();
      return posted;
    } catch (error) {
      // Who asked should read the answer even where the bot may not write.
      if (error instanceof OpsError && error.code === "chat-forbidden" && isAlive()) return await privately(shown);
      throw error;
    }
  }

  /** In the channel, to the person by name, when Discord had given up before the first answer. */
  async function instead(shown: ChatMessage): Promise<void> {
    if (state === "lost") await messages.post(place, shown, { key: ref.id, notify: actor, replyTo: null });
  }

  async function stopThinking(): Promise<void> {
    if (state !== "thinking" || !isAlive()) return;
    state = "open";
    // What is left is a line that only one person sees; the answer itself has arrived.
    await api.request({ method: "DELETE", route: original(), auth: false }).catch(() => undefined);
  }

  /** Changes the pressed message. @returns false when it is an ordinary one that the interaction cannot change any more. */
  async function update(payload: Payload, pressed: NonNullable<typeof source>): Promise<boolean> {
    if ((await first(InteractionResponseType.UpdateMessage, "open", payload)) !== null) return true;
    if (!pressed.isEphemeral) return false;
    if (!isAlive()) return true;
    // Only the interaction can change an ephemeral message, and `wait` has kept it as the original.
    await api.request({ method: "PATCH", route: original(), ...payload, auth: false }).catch((error: unknown) => {
      if (!OVER.has(discordCode(error))) throw error;
    });
    return true;
  }

  async function replaced(shown: ChatMessage, pressed: NonNullable<typeof source>): Promise<void> {
    if (await update(payloadOf(shown), pressed)) return;
    await messages.edit({ place, id: pressed.id }, shown);
    await stopThinking();
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
    answer: (shown) =>
      inTurn(async () => {
        if (!shown.private) return publicly(shown);
        const posted = await privately(shown);
        if (posted !== null && shown.presses.length > 0) whispers.add(posted.id, ref);
        if (posted === null) await instead({ ...renderTooLate(), presses: [] });
        return posted;
      }),
    isLost: () => state === "lost",
    // Told of an error, people would ask for it again: they hear where it went instead.
    accept: (shown) =>
      inTurn(async () => {
        if ((await privately(shown)) === null) await instead(shown);
      }),
    // Discord tells the person of an error where a command is not answered.
    async turnAway(shown) {
      const { body, files } = payloadOf(shown);
      const payload = { body: { ...body, flags: MessageFlags.Ephemeral }, files };
      await first(InteractionResponseType.ChannelMessageWithSource, "open", payload).catch(() => undefined);
    },
    dialog: (question, press) =>
      inTurn(async () => {
        await first(InteractionResponseType.Modal, "open", { body: dialogOf(question, press), files: [] });
      }),
    disarm: () =>
      inTurn(async () => {
        if (source === null || (await update(WITHOUT_BUTTONS, source))) return;
        await messages.disarm({ place, id: source.id });
      }),
    replace: (shown) =>
      inTurn(async () => {
        if (source === null) await (shown.private ? privately(shown) : publicly(shown));
        else await replaced(shown, source);
      }),
  };
}
