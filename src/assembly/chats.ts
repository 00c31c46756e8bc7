import { commands } from "../../commands/index.ts";
import type { Chat } from "../channels/channel.ts";
import type { AlertTarget } from "../channels/chat/alert-place.ts";
import { type ChatChannel, createChatChannel } from "../channels/chat/chat-channel.ts";
import { systemClock } from "../channels/chat/clock.ts";
import { renderRefusal } from "../channels/render/refusal.ts";
import { CHATS, type ChatName, type Place } from "../core/chat.ts";
import { asOpsError, OpsError } from "../core/errors.ts";
import { redactError } from "../core/redaction.ts";
import { noteRefusal, openAlerts } from "./alerts.ts";
import type { Creel } from "./creel.ts";

export interface Chats {
  /**
   * Resolves when it is known of each chat whether it takes the bot: true when at least one does, or cannot be reached yet and is tried
   * again. Never rejects: one chat that refuses does not keep the others away.
   */
  readonly settled: Promise<boolean>;
  /** Bounded. */
  close(): Promise<void>;
}

/** Connects every chat of the settings, in the background. */
export function openChats(creel: Creel): Chats {
  const opening = openAll(creel);
  opening.catch((error: unknown) => creel.tools.log.error(error));
  return {
    settled: opening.then(
      ({ settled }) => settled,
      () => false,
    ),
    async close() {
      const { close } = await opening;
      await close();
    },
  };
}

interface OpenedChat {
  readonly name: ChatName;
  readonly channel: ChatChannel;
  readonly alerts: Place | null;
  /** Resolves when the service was found not to answer. */
  readonly unreachable: Promise<void>;
}

async function openAll(creel: Creel): Promise<Chats> {
  const report = (name: ChatName, error: OpsError | null) => {
    void noteRefusal(creel, name, error);
    if (error !== null) hear(creel, error);
  };
  const channels: OpenedChat[] = [];
  const targets = (): (AlertTarget & { readonly name: ChatName })[] =>
    channels.flatMap(({ name, channel: { outbox }, alerts: place }) =>
      place === null ? [] : [{ name, outbox, place }],
    );
  const elsewhere = (name: ChatName) => targets().filter((target) => target.name !== name);
  for (const name of CHATS) {
    try {
      const opened = await connectDesk(
        name,
        creel,
        () => elsewhere(name),
        (error) => report(name, error),
      );
      if (opened !== null) channels.push(opened);
    } catch (error) {
      report(name, asOpsError(error));
    }
  }
  const alerts = openAlerts(creel, targets());
  const usable = channels.map(({ name, channel, unreachable }) => {
    const opened = channel.open().then(
      () => {
        // Also of what an earlier process has met with.
        void noteRefusal(creel, name, null);
        return true;
      },
      (error: unknown) => {
        const known = asOpsError(error);
        // Closing gives up an attempt that is under way.
        if (known.code !== "cancelled") report(name, known);
        return false;
      },
    );
    return Promise.race([opened, unreachable.then(() => true)]);
  });
  return {
    settled: Promise.all(usable).then((each) => each.includes(true)),
    async close() {
      // What is under way in an outbox ends with its channel.
      await Promise.all([alerts.close(), ...channels.map(({ channel }) => channel.close())]);
    },
  };
}

/** What whoever runs Creel should know is said in the terminal, too; everything is in the log. */
function hear({ tools }: Creel, error: unknown): void {
  tools.log.error(error);
  if (!(error instanceof OpsError) || error.code === "internal") return;
  tools.notices.say(renderRefusal(redactError(error, tools.redact)));
}

/** null when the settings do not name this chat. @throws OpsError `secret-unavailable`. */
async function connectDesk(
  name: ChatName,
  creel: Creel,
  elsewhere: () => readonly AlertTarget[],
  onTrouble: (error: OpsError | null) => void,
): Promise<OpenedChat | null> {
  const { desk, jobs, store } = creel;
  const unreachable = Promise.withResolvers<void>();
  const chat = await buildChat(name, creel, (error) => {
    hear(creel, error);
    if (error instanceof OpsError && error.code === "chat-unavailable") unreachable.resolve();
  });
  if (chat === null) return null;
  const alerts = alertsPlace(name, creel);
  const channel = createChatChannel({
    ...{ chat, desk, commands, alerts, feed: jobs.operations, memory: store.memory, clock: systemClock },
    elsewhere,
    onError: (error) => hear(creel, error),
    onTrouble,
  });
  return { name, channel, alerts, unreachable: unreachable.promise };
}

/** null when the settings do not name this chat. Its library is loaded only then. @throws OpsError `secret-unavailable`. */
async function buildChat(
  name: ChatName,
  { config, tools }: Creel,
  onError: (error: unknown) => void,
): Promise<Chat | null> {
  const { discord, telegram } = config.settings;
  const shared = { commands, now: Date.now, elapsed: () => performance.now(), onError };
  if (name === "discord") {
    if (discord === undefined) return null;
    const { createDiscordChat } = await import("../channels/discord/discord.ts");
    const { api, guilds } = discord;
    return createDiscordChat({ ...shared, api, guilds, token: await tools.resolve(discord.token) });
  }
  if (telegram === undefined) return null;
  const { createTelegramChat } = await import("../channels/telegram/telegram.ts");
  const { apiRoot, webhook } = telegram;
  const token = await tools.resolve(telegram.token);
  if (webhook === undefined) return createTelegramChat({ ...shared, apiRoot, token });
  const secret = await tools.resolve(webhook.secret);
  return createTelegramChat({ ...shared, apiRoot, token, webhook: { ...webhook, secret } });
}

function alertsPlace(name: ChatName, { config }: Creel): Place | null {
  const chat = config.settings.alerts[name];
  return chat === undefined ? null : { channel: name, chat, topic: null };
}
