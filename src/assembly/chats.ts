import { commands } from "../../commands/index.ts";
import type { Chat } from "../channels/channel.ts";
import { type ChatChannel, createChatChannel } from "../channels/chat/chat-channel.ts";
import { systemClock } from "../channels/chat/clock.ts";
import { renderRefusal } from "../channels/render/refusal.ts";
import type { ChatName, Place } from "../core/chat.ts";
import { asOpsError, type OpsError } from "../core/errors.ts";
import { type Care, startCaring } from "./care.ts";
import type { Creel } from "./creel.ts";

export interface Chats {
  /** Resolves when each chat can be used or has refused the bot. Never rejects: one chat that refuses does not keep the others away. */
  readonly settled: Promise<void>;
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
      () => undefined,
    ),
    async close() {
      const { close } = await opening;
      await close();
    },
  };
}

async function openAll(creel: Creel): Promise<Chats> {
  let care: Care | null = null;
  const report = (name: ChatName, error: OpsError | null) => {
    care?.chatRefused(name, error);
    if (error === null) return;
    creel.tools.log.error(error);
    creel.tools.notices.say(renderRefusal(error));
  };
  const channels: { readonly name: ChatName; readonly channel: ChatChannel; readonly alerts: Place | null }[] = [];
  for (const name of ["discord", "telegram"] as const) {
    try {
      const chat = await buildChat(name, creel);
      const alerts = alertsPlace(name, creel);
      if (chat !== null) channels.push({ name, alerts, channel: connectDesk(creel, chat, alerts, report) });
    } catch (error) {
      report(name, asOpsError(error));
    }
  }
  const targets = channels.flatMap(({ channel: { outbox }, alerts: place }) =>
    place === null ? [] : [{ outbox, place, notify: null }],
  );
  const caring = startCaring(creel, targets);
  care = caring;
  const opened = channels.map(({ name, channel }) =>
    channel.open().catch((error: unknown) => report(name, asOpsError(error))),
  );
  return {
    settled: Promise.all(opened).then(() => undefined),
    async close() {
      caring.close();
      await Promise.all(channels.map(({ channel }) => channel.close()));
    },
  };
}

function connectDesk(
  { tools, desk, jobs, store }: Creel,
  chat: Chat,
  alerts: Place | null,
  report: (name: ChatName, error: OpsError | null) => void,
): ChatChannel {
  return createChatChannel({
    ...{ chat, desk, commands, alerts, feed: jobs.operations, memory: store.memory, clock: systemClock },
    onError: (error) => tools.log.error(error),
    onTrouble: (error) => report(chat.name, error),
  });
}

/** null when the settings do not name this chat. Its library is loaded only then. @throws OpsError `secret-unavailable`. */
async function buildChat(name: ChatName, { config, tools }: Creel): Promise<Chat | null> {
  const { discord, telegram } = config.settings;
  const shared = { commands, now: Date.now, onError: (error: unknown) => tools.log.error(error) };
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
