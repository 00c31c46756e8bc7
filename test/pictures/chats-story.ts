import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openChromium } from "../chromium.ts";
import { type Installation, installCreel } from "../e2e/creel.ts";
import { forwardTo } from "../e2e/in-reach.ts";
import { freeSubnet } from "../e2e/local-hosts.ts";
import { type DiscordServer, startDiscordServer } from "../fixtures/discord/server.ts";
import type { Message } from "../fixtures/discord/types.ts";
import { startModelServer } from "../fixtures/model/server.ts";
import { type ChatMessage, startTelegramServer, type TelegramServer } from "../fixtures/telegram/server.ts";
import type { DiscordPicture, PagePicture, Picture, TelegramPicture } from "./picture.ts";

const mia = { id: "100000000000000001", name: "Mia" };
const TOM = 7001;
const PATIENCE_MS = 120_000;

/**
 * One installation with both chats, as a service, and real hosts: ada is deployed in Discord and gets a model there, bob in Telegram with a bot as well.
 * What they need is on this machine.
 */
export async function chatsStory(): Promise<Picture[]> {
  await using stack = new AsyncDisposableStack();
  const discord = stack.use(await startDiscordServer({ identifyIntervalMs: 0 }));
  const telegram = stack.use(await startTelegramServer({ patienceMs: PATIENCE_MS }));
  telegram.addPerson({ id: TOM, name: "Tom" });
  const agents = stack.use(await startTelegramServer({ bot: { id: 7_000_000_002, username: "bob_bot" } }));
  const models = stack.use(await startModelServer({ address: "0.0.0.0" }));
  const bots = stack.use(await forwardTo("0.0.0.0", Number(new URL(agents.apiRoot).port)));
  const creel = stack.use(installCreel("", { DISCORD: discord.token, TELEGRAM: telegram.token }));
  const subnet = await freeSubnet();
  const { port, pathname } = new URL(models.openaiUrl);
  /** Each host finds this machine at the gateway of a network of its own, in the order they are made. */
  const lab = (gateway: string) => ({ baseUrl: `http://${gateway}:${port}${pathname}`, api: "openai-completions" });
  const [forAda, forBob] = [`${subnet}.0.1`, `${subnet}.0.5`];
  const channels = { telegram: { apiRoot: `http://${forBob}:${bots.port}` } };
  const settings = {
    owners: { discord: { users: [mia.id] }, telegram: [TOM] },
    discord: { token: "env:DISCORD", guilds: [discord.guildId], api: discord.api },
    telegram: { token: "env:TELEGRAM", apiRoot: telegram.apiRoot },
    local: { internet: false, subnet },
    agents: {
      named: {
        ada: { controlUi: true, providers: { lab: lab(forAda) } },
        bob: { providers: { lab: lab(forBob) }, channels },
      },
    },
  };
  writeFileSync(join(creel.stateDir, "creel.yaml"), JSON.stringify(settings), { mode: 0o600 });
  const running = creel.serve("start");
  stack.defer(() => running.end().then(() => undefined));
  await running.printed(/creel: ready/);
  await discord.when(() => discord.connected === 1 && discord.commands().length > 0);
  models.answer((prompt) =>
    prompt.includes("report")
      ? "On Tuesdays at nine, to the whole team."
      : "Hello, I am your new assistant. What shall I call you?",
  );
  const inDiscord = await discordStory(discord, models.key);
  const onPage = await pageOf(creel);
  const inTelegram = await telegramStory(telegram, { key: models.key, token: agents.token });
  return [...inDiscord, onPage, ...inTelegram];
}

/** The page of ada, as creel open leads to it. */
async function pageOf(creel: Installation): Promise<PagePicture> {
  const opened = creel.start("open", "ada");
  const [, link = ""] = await opened.printed(/(http:\S+)\n/);
  await using browser = await openChromium();
  const page = await browser.newPage({ viewport: { width: 1080, height: 640 } });
  await page.goto(link);
  await page.getByText("On Tuesdays at nine").first().waitFor();
  await page.getByPlaceholder("Message Assistant").waitFor();
  const png = (await page.screenshot({ animations: "disabled" })).toString("base64");
  opened.process.kill("SIGINT");
  await opened.exited();
  return { kind: "page", name: "page", png };
}

async function discordStory(discord: DiscordServer, key: string): Promise<DiscordPicture[]> {
  /** By interaction, what Discord shows above the answer. */
  const commands = new Map<string, string>();
  const run = (command: string, values: Readonly<Record<string, string>>, channelId = discord.channelId) => {
    const handle = discord.run(mia, command, values, { channelId });
    commands.set(handle.id, command);
    return handle;
  };
  const everywhere = () =>
    discord.messages().flatMap((one) => [one, ...(one.threadId ? discord.messages(one.threadId) : [])]);
  const shows = async (pattern: RegExp, isTold: boolean | null = false): Promise<Message> => {
    const look = () =>
      everywhere().find(
        ({ content, embeds, pings }) =>
          (isTold === null || pings.length > 0 === isTold) && pattern.test(JSON.stringify([content, embeds])),
      );
    const late = Promise.withResolvers<never>();
    const shown = () => everywhere().map(({ content, embeds }) => JSON.stringify([content, embeds]));
    const fail = () => late.reject(new Error(`${pattern} was not shown:\n${shown().join("\n")}`));
    const patience = setTimeout(fail, PATIENCE_MS);
    return await Promise.race([discord.when(look), late.promise]).finally(() => clearTimeout(patience));
  };
  const take = (
    name: string,
    channelId: string,
    messages: readonly Message[],
    dialog: DiscordPicture["dialog"] = null,
  ): DiscordPicture => {
    const channel = discord.channel(channelId);
    const above = channel.parentId === null ? [] : [discord.channel(channel.parentId).name];
    return {
      kind: "discord",
      name,
      place: [...above, channel.name],
      dialog,
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

  const asked = await run("model", { agent: "ada", model: "lab/test-model" }).answered;
  if (asked === null) throw new Error("There is no question.");
  const opened = discord.press(mia, asked, "Enter it");
  await opened.acknowledged;
  const entering = take("discord-model", discord.channelId, [asked], opened.dialog());
  await discord.fillIn(opened, key).answered;
  const proven = await shows(/ada answers with/, true);
  const changed = await shows(/ada answers with/);
  run("ask", { agent: "ada", message: "When is the report due?" }, proven.channelId);
  const said = await shows(/On Tuesdays at nine/, null);
  const answers = take("discord-answer", proven.channelId, [changed, proven, said]);
  return [deploying, thread, entering, answers];
}

async function telegramStory(
  telegram: TelegramServer,
  secrets: { readonly key: string; readonly token: string },
): Promise<TelegramPicture[]> {
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

  const model = await telegram.say(TOM, "/model bob lab/test-model");
  await shows(/The key for lab is needed/);
  await telegram.say(TOM, secrets.key);
  await shows(/bob answers with[\s\S]*First answer/);
  await shows(/bob answers with[\s\S]*steps/);
  const connect = await telegram.say(TOM, "/connect bob telegram");
  await shows(/The token of bob's bot is needed/);
  const proven = take("telegram-model", model);
  await telegram.say(TOM, secrets.token);
  await shows(/@bob_bot is listening[\s\S]*code/);
  await shows(/@bob_bot is listening[\s\S]*steps/);
  return [deployed, asked, proven, take("telegram-connect", connect)];
}
