import { installCreel } from "../e2e/creel.ts";
import { type DiscordServer, startDiscordServer } from "../fixtures/discord/server.ts";
import type { Message } from "../fixtures/discord/types.ts";
import { type ChatMessage, startTelegramServer, type TelegramServer } from "../fixtures/telegram/server.ts";
import type { DiscordPicture, Picture, TelegramPicture } from "./picture.ts";

const mia = { id: "100000000000000001", name: "Mia" };
const TOM = 7001;
const PATIENCE_MS = 120_000;

/** One installation with both chats, as a service, and real hosts: ada is deployed in Discord, bob in Telegram. */
export async function chatsStory(): Promise<Picture[]> {
  await using stack = new AsyncDisposableStack();
  const discord = stack.use(await startDiscordServer({ identifyIntervalMs: 0 }));
  const telegram = stack.use(await startTelegramServer({ patienceMs: PATIENCE_MS }));
  telegram.addPerson({ id: TOM, name: "Tom" });
  const settings = [
    `owners: { discord: { users: ["${mia.id}"] }, telegram: [${TOM}] }`,
    `discord: { token: "env:DISCORD", guilds: ["${discord.guildId}"], api: "${discord.api}" }`,
    `telegram: { token: "env:TELEGRAM", apiRoot: "${telegram.apiRoot}" }\n`,
  ].join("\n");
  const creel = stack.use(installCreel(settings, { DISCORD: discord.token, TELEGRAM: telegram.token }));
  const running = creel.serve("start");
  stack.defer(() => running.end().then(() => undefined));
  await running.printed(/creel: ready/);
  await discord.when(() => discord.connected === 1 && discord.commands().length > 0);
  const inDiscord = await discordStory(discord);
  return [...inDiscord, ...(await telegramStory(telegram))];
}

async function discordStory(discord: DiscordServer): Promise<DiscordPicture[]> {
  /** By interaction, what Discord shows above the answer. */
  const commands = new Map<string, string>();
  const run = (command: string, values: Readonly<Record<string, string>>, channelId = discord.channelId) => {
    const handle = discord.run(mia, command, values, { channelId });
    commands.set(handle.id, command);
    return handle;
  };
  const everywhere = () =>
    discord.messages().flatMap((one) => [one, ...(one.threadId ? discord.messages(one.threadId) : [])]);
  const shows = async (pattern: RegExp, isTold = false): Promise<Message> => {
    const look = () =>
      everywhere().find(
        ({ content, embeds, pings }) => pings.length > 0 === isTold && pattern.test(JSON.stringify([content, embeds])),
      );
    const late = Promise.withResolvers<never>();
    const patience = setTimeout(() => late.reject(new Error(`${pattern} was not shown`)), PATIENCE_MS);
    return await Promise.race([discord.when(look), late.promise]).finally(() => clearTimeout(patience));
  };
  const take = (name: string, channelId: string, messages: readonly Message[]): DiscordPicture => {
    const channel = discord.channel(channelId);
    const above = channel.parentId === null ? [] : [discord.channel(channel.parentId).name];
    return {
      kind: "discord",
      name,
      place: [...above, channel.name],
      atMs: Date.now(),
      names: { [mia.id]: mia.name },
      messages: messages.map((message) => {
        const command = commands.get(message.interactionId ?? "");
        const usedBy = command === undefined ? null : { person: mia.name, command };
        return { ...structuredClone(message), usedBy };
      }),
    };
  };

  run("deploy", { name: "ada" });
  await shows(/steps[^▶]*▶️ .*Gateway is ready[^▶]*not ready[^▶]*Next/);
  const deploying = take("discord-deploy", discord.channelId, discord.messages());
  const outcome = await shows(/Deployed ada in/, true);
  const status = await shows(/Deployed ada in/);
  const answer = await run("status", {}, outcome.channelId).answered;
  const question = await run("destroy", { agent: "ada" }, outcome.channelId).answered;
  // A thread begins with the message it hangs below.
  const thread = take("discord-status", outcome.channelId, [status, outcome, answer, question]);
  await discord.press(mia, question, "Leave it").acknowledged;
  return [deploying, thread];
}

async function telegramStory(telegram: TelegramServer): Promise<TelegramPicture[]> {
  const shows = (pattern: RegExp): Promise<ChatMessage> =>
    telegram.waitFor(() => telegram.messages(TOM).find(({ byBot, text }) => byBot && pattern.test(text)));
  /** What the person sees from the message on that they sent. */
  const take = (name: string, from: ChatMessage): TelegramPicture => ({
    kind: "telegram",
    name,
    messages: structuredClone(telegram.messages(TOM).filter(({ id }) => id >= from.id)),
  });

  const deploy = await telegram.say(TOM, "/deploy");
  await shows(/What shall the new agent be called/);
  await telegram.say(TOM, "bob");
  await shows(/Deployed bob in[\s\S]*steps/);
  await shows(/Deployed bob in[\s\S]*OpenClaw/);
  await telegram.say(TOM, "/status");
  await shows(/2 agents/);
  const deployed = take("telegram-deploy", deploy);

  const destroy = await telegram.say(TOM, "/destroy");
  const which = await shows(/Which agent/);
  await telegram.press(TOM, which, "bob (serving)");
  const question = await shows(/cannot be undone/);
  await telegram.waitFor(() =>
    telegram.messages(TOM).find(({ id, reply_markup }) => id === which.id && reply_markup === undefined),
  );
  const asked = take("telegram-destroy", destroy);
  await telegram.press(TOM, question, "Leave it");
  return [deployed, asked];
}
