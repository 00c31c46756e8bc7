import { InteractionResponseType, Routes } from "discord.js";
import type { Command } from "../../../commands/command.ts";
import type { Choice } from "../../core/desk.ts";
import { OpsError } from "../../core/errors.ts";
import type { Secret } from "../../core/secrets.ts";
import type { Chat, ChatHandler, Pace } from "../channel.ts";
import { cleanLine, cut } from "../shape/plain-text.ts";
import { createSkip } from "../skipped.ts";
import { createApi, type DiscordApi } from "./api.ts";
import { type Interaction, readInteraction } from "./interaction.ts";
import { createLink, PAUSES, type Pauses } from "./link.ts";
import { createMessages, type Messages } from "./messages.ts";
import { createResponder, type DiscordResponder } from "./responder.ts";
import { madeAtMs } from "./snowflake.ts";
import { createThreads } from "./threads.ts";
import { createTrouble } from "./trouble.ts";
import { createWhispers, type Whispers } from "./whispers.ts";

export interface DiscordOptions {
  readonly token: Secret;
  /** Without a version, such as `https://discord.com/api`. */
  readonly api: string;
  /** Ids of the servers that get the commands; none: all servers, where they may take an hour to appear. */
  readonly guilds: readonly string[];
  readonly commands: readonly Command[];
  /** For what nobody waits for. Never holds the token. */
  readonly onError: (error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds since some moment, which nobody sets. */
  readonly elapsed: () => number;
  readonly pauses?: Pauses;
}

/** Discord takes about 5 messages or edits in 5 seconds per channel; this leaves room for answers. */
const PACE: Pace = { gapMs: 1_500, perMinute: 40 };
/** Choices that come later are not shown any more. */
const CHOICES_MS = 2_500;
/** Within this time an interaction is certainly open, whatever the clocks say. */
const SOON_MS = 1_500;
const MAX_CHOICES = 25;
const MAX_CHOICE = 100;

export function createDiscordChat({
  token,
  api: apiRoot,
  guilds,
  commands,
  onError,
  now,
  elapsed,
  pauses,
}: DiscordOptions): Chat {
  let handler: ChatHandler | null = null;
  const trouble = createTrouble((error) => handler?.trouble(error));
  const api = createApi(token, apiRoot, (refused) => trouble.report("requests", refused));
  const messages = createMessages(api, now);
  const whispers = createWhispers(api, elapsed);
  const skip = createSkip("Discord", onError);
  const { none, thread } = createThreads(api, elapsed);
  const link = createLink({
    token,
    api,
    apiRoot,
    guilds,
    commands,
    pauses: pauses ?? PAUSES,
    onInteraction(data) {
      const interaction = readInteraction(data);
      if (interaction === "unreadable") return skip("a command or a press");
      if (interaction === null || handler === null) return;
      if (interaction.isInThread) none(interaction.place.chat);
      receive(interaction, handler, { api, messages, whispers, now, elapsed }).catch(onError);
    },
    skip,
    onVerdict: (refused) => trouble.report("gateway", refused),
    onError,
  });
  let closing: Promise<void> | null = null;
  return {
    name: "discord",
    entry: "dialog",
    async open(who) {
      handler = who;
      try {
        await link.open();
      } catch (error) {
        api.close();
        throw error;
      }
    },
    close() {
      closing ??= link.close().finally(() => api.close());
      return closing;
    },
    pace: () => PACE,
    ...messages,
    edit: async (posted, message) => (await whispers.edit(posted, message)) ?? messages.edit(posted, message),
    thread,
  };
}

interface Parts {
  readonly api: DiscordApi;
  readonly messages: Messages;
  readonly whispers: Whispers;
  readonly now: () => number;
  /** Milliseconds since some moment, which nobody sets. */
  readonly elapsed: () => number;
}

async function receive(interaction: Interaction, handler: ChatHandler, parts: Parts): Promise<void> {
  const { actor, place, ref, canPost } = interaction;
  const atMs = madeAtMs(ref.id);
  // Discord tells the person of an error after three seconds; whether it has is known for certain by answering.
  const lateBy = (responder: DiscordResponder) => async () => {
    if (parts.now() - atMs < SOON_MS) return false;
    await responder.wait();
    return responder.isLost();
  };
  switch (interaction.kind) {
    case "command": {
      const responder = createResponder({ ...parts, ref, actor, place, source: null });
      const isLate = lateBy(responder);
      await handler.command({
        actor,
        place,
        key: ref.id,
        atMs,
        isLate,
        canPost,
        read: () => interaction.submission,
        responder,
      });
      return;
    }
    case "press": {
      const { message, press } = interaction;
      const responder = createResponder({ ...parts, ref, actor, place, source: message });
      const isLate = lateBy(responder);
      await handler.press({
        actor,
        key: ref.id,
        atMs,
        isLate,
        canPost,
        posted: { place, id: message.id },
        isOrdinary: !message.isEphemeral,
        press,
        responder,
      });
      return;
    }
    case "entered": {
      const { message, press, value } = interaction;
      const responder = createResponder({ ...parts, ref, actor, place, source: message });
      await handler.entered({
        ...{ actor, canPost, press, value, responder, isLate: lateBy(responder) },
        asked: { place, id: message.id },
        isOrdinary: !message.isEphemeral,
        // Nobody but Creel ever sees what was typed into a dialog.
        discard: async () => true,
      });
      return;
    }
    case "typing": {
      const sinceMs = parts.elapsed();
      const choices = await handler.complete(actor, interaction.command, interaction.option, interaction.typed);
      if (parts.elapsed() - sinceMs > CHOICES_MS) return;
      await suggest(parts.api, interaction, choices);
      return;
    }
  }
}

/** Nobody misses choices that could not be shown: the next letter asks again. */
async function suggest({ request }: DiscordApi, { ref }: Interaction, all: readonly Choice[]): Promise<void> {
  const choices = all
    .filter(({ value }) => value !== "" && value.length <= MAX_CHOICE)
    .slice(0, MAX_CHOICES)
    .map(({ value, label }) => ({ name: cut(cleanLine(label), MAX_CHOICE) || value, value }));
  const route = Routes.interactionCallback(ref.id, ref.token);
  const body = { type: InteractionResponseType.ApplicationCommandAutocompleteResult, data: { choices } };
  await request({ method: "POST", route, body, auth: false }).catch((error: unknown) => {
    if (!(error instanceof OpsError)) throw error;
  });
}
