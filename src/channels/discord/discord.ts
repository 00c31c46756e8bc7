import { InteractionResponseType, Routes } from "discord.js";
import type { Command } from "../../../commands/command.ts";
import type { Choice } from "../../core/desk.ts";
import { OpsError } from "../../core/errors.ts";
import type { Secret } from "../../core/secrets.ts";
import type { Chat, ChatHandler, Pace } from "../channel.ts";
import { cleanLine, cut } from "../shape/plain-text.ts";
import { createApi, type DiscordApi } from "./api.ts";
import { type Interaction, readInteraction } from "./interaction.ts";
import { Link, PAUSES, type Pauses } from "./link.ts";
import { createMessages, type Messages } from "./messages.ts";
import { createResponder } from "./responder.ts";
import { createThreads } from "./threads.ts";
import { Trouble } from "./trouble.ts";

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
  readonly pauses?: Pauses;
}

/** Discord takes about 5 messages or edits in 5 seconds per channel; this leaves room for answers. */
const PACE: Pace = { gapMs: 1_500, perMinute: 40 };
/** Choices that come later are not shown any more. */
const CHOICES_MS = 2_500;
const MAX_CHOICES = 25;
const MAX_CHOICE = 100;

export function createDiscordChat({
  token,
  api: apiRoot,
  guilds,
  commands,
  onError,
  now,
  pauses,
}: DiscordOptions): Chat {
  let handler: ChatHandler | null = null;
  const trouble = new Trouble((error) => handler?.trouble(error));
  const api = createApi(token, apiRoot, (refused) => trouble.report("requests", refused));
  const messages = createMessages(api, now);
  const { none, thread } = createThreads(api, now);
  const link = new Link({
    token,
    api,
    apiRoot,
    guilds,
    commands,
    pauses: pauses ?? PAUSES,
    onInteraction(data) {
      try {
        const interaction = readInteraction(data);
        if (interaction === null || handler === null) return;
        if (interaction.isInThread) none(interaction.place.chat);
        receive(interaction, handler, { api, messages, now }).catch(onError);
      } catch (error) {
        onError(error);
      }
    },
    onVerdict: (refused) => trouble.report("gateway", refused),
    onError,
  });
  let closing: Promise<void> | null = null;
  return {
    name: "discord",
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
    thread,
  };
}

interface Parts {
  readonly api: DiscordApi;
  readonly messages: Messages;
  readonly now: () => number;
}

async function receive(interaction: Interaction, handler: ChatHandler, parts: Parts): Promise<void> {
  const { actor, place, ticket, canPost } = interaction;
  switch (interaction.kind) {
    case "command": {
      const responder = createResponder({ ...parts, ticket, place, source: null });
      await handler.command({ actor, place, key: ticket.id, canPost, read: () => interaction.submission, responder });
      return;
    }
    case "press": {
      const { message, press } = interaction;
      const responder = createResponder({ ...parts, ticket, place, source: message });
      await handler.press({ actor, key: ticket.id, canPost, posted: { place, id: message.id }, press, responder });
      return;
    }
    case "typing": {
      const sinceMs = parts.now();
      const choices = await handler.complete(actor, interaction.command, interaction.option, interaction.typed);
      if (parts.now() - sinceMs > CHOICES_MS) return;
      await suggest(parts.api, interaction, choices);
      return;
    }
  }
}

/** Nobody misses choices that could not be shown: the next letter asks again. */
async function suggest({ request }: DiscordApi, { ticket }: Interaction, all: readonly Choice[]): Promise<void> {
  const choices = all
    .filter(({ value }) => value !== "" && value.length <= MAX_CHOICE)
    .slice(0, MAX_CHOICES)
    .map(({ value, label }) => ({ name: cut(cleanLine(label), MAX_CHOICE) || value, value }));
  const route = Routes.interactionCallback(ticket.id, ticket.token);
  const body = { type: InteractionResponseType.ApplicationCommandAutocompleteResult, data: { choices } };
  await request({ method: "POST", route, body, auth: false }).catch((error: unknown) => {
    if (!(error instanceof OpsError)) throw error;
  });
}
