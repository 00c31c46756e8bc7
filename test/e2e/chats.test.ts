import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { parseOperationId } from "../../src/core/names.ts";
import { type DiscordServer, startDiscordServer } from "../fixtures/discord/server.ts";
import type { Message } from "../fixtures/discord/types.ts";
import { type ChatMessage, startTelegramServer, type TelegramServer } from "../fixtures/telegram/server.ts";
import { canRunHosts, IMAGES_DIR, type Installation, installCreel, type RunningCreel } from "./creel.ts";
import { hasReached, until } from "./observe.ts";

const mia = { id: "100000000000000001", name: "Mia", roles: [] };
const eve = { id: "100000000000000666", name: "Eve" };
const TOM = 7001;
const STRANGER = 6666;

/** One installation with both chats, as a service; a real host, the real gateway. Later tests use what earlier ones made. */
describe.runIf(canRunHosts())("chats, on a real host", () => {
  let discord: DiscordServer;
  let telegram: TelegramServer;
  let creel: Installation;
  let running: RunningCreel;

  beforeAll(async () => {
    discord = await startDiscordServer({ identifyIntervalMs: 0 });
    telegram = await startTelegramServer({ patienceMs: 120_000 });
    telegram.addPerson({ id: TOM, name: "Tom" });
    telegram.addPerson({ id: STRANGER, name: "Eve" });
    creel = installCreel(
      [
        `owners: { discord: { users: ["${mia.id}"] }, telegram: [${TOM}] }`,
        `discord: { token: "env:DISCORD", guilds: ["${discord.guildId}"], api: "${discord.api}" }`,
        `telegram: { token: "env:TELEGRAM", apiRoot: "${telegram.apiRoot}" }\n`,
      ].join("\n"),
      { DISCORD: discord.token, TELEGRAM: telegram.token },
    );
    running = creel.serve("start");
    await running.printed(/creel: ready/);
    await discord.when(() => discord.connected === 1 && discord.commands().length > 0);
  });
  afterAll(async () => {
    await running?.end();
    await creel?.[Symbol.asyncDispose]();
    await telegram?.[Symbol.asyncDispose]();
    await discord?.[Symbol.asyncDispose]();
  });

  const inDiscord = (pattern: RegExp): Promise<Message> =>
    discord.when(() => allMessages().find((message) => pattern.test(textOf(message))));
  const allMessages = () => {
    const main = discord.messages().filter(({ visibleTo }) => visibleTo === null);
    return main.flatMap((message) => [message, ...(message.threadId ? discord.messages(message.threadId) : [])]);
  };
  const outcomeInDiscord = (pattern: RegExp): Promise<Message> =>
    discord.when(() => allMessages().find((message) => message.pings.length > 0 && pattern.test(textOf(message))));
  const statusesInDiscord = (pattern: RegExp): Message[] =>
    allMessages().filter((message) => message.pings.length === 0 && pattern.test(textOf(message)));
  const inTelegram = (pattern: RegExp): Promise<ChatMessage> =>
    telegram.waitFor(() => telegram.messages(TOM).find((message) => message.byBot && pattern.test(message.text)));
  const hosts = () => createLocalProvider({ stateDir: creel.stateDir, cacheDir: IMAGES_DIR }).list();

  it("/deploy in Discord is watched to the end, in one message", async () => {
    const asked = discord.run(mia, "deploy", { name: "ada" });
    await asked.acknowledged;
    const outcome = await outcomeInDiscord(/Deployed ada in/);
    const told = await discord.when(() => {
      const shown = statusesInDiscord(/Deploy(?:ed|ing) ada/);
      return shown.some((message) => /Deployed ada in/.test(textOf(message))) ? shown : undefined;
    });
    expect(told).toHaveLength(1);
    expect(told[0]?.edits).toBeGreaterThan(2);
    expect(textOf(told[0])).toMatch(/\d+ steps/);
    expect(told[0]?.components).toEqual([]);
    expect(outcome.pings).toEqual([`<@${mia.id}>`]);
    expect(await hosts()).toMatchObject([{ agents: ["ada"], state: "running" }]);
  });

  it("/status in Telegram shows it", async () => {
    await telegram.say(TOM, "/status");
    expect((await inTelegram(/ada is ready/)).text).toMatch(/OpenClaw/);
  });

  it("a stranger is refused in both, in private, and both attempts are in the history", async () => {
    const refused = await discord.run(eve, "status").answered;
    expect(textOf(refused)).toMatch(/This bot is private/);
    expect(refused.visibleTo).toBe(eve.id);
    expect(await discord.autocomplete(eve, "status", "agent", "")).toEqual([]);
    await telegram.say(STRANGER, "/destroy agent:ada");
    await telegram.waitFor(() =>
      telegram
        .messages(STRANGER)
        .find(({ byBot, text }) => byBot && /This bot is private/.test(text) && text.includes(String(STRANGER))),
    );
    await telegram.say(TOM, "/history");
    const history = await inTelegram(/Newest first/);
    expect(history.text).toMatch(/stranger 100000000000000666 \(Eve\)/);
    expect(history.text).toMatch(/stranger 6666 \(Eve\)/);
  });

  it("completes names of agents for owners", async () => {
    expect(await discord.autocomplete(mia, "logs", "agent", "a")).toMatchObject([{ value: "ada" }]);
  });

  it("/logs comes to who asked only, as a file when it is long", async () => {
    const logs = await discord.run(mia, "logs", { agent: "ada", lines: 200 }).answered;
    expect(logs.visibleTo).toBe(mia.id);
    expect(textOf(logs) + logs.attachments.map(({ text }) => text).join()).toMatch(/\[gateway\] ready/);
  });

  it("/destroy in Telegram is confirmed by a button, and leaves nothing", async () => {
    await telegram.say(TOM, "/destroy agent:ada");
    const question = await inTelegram(/cannot be undone/);
    expect(await hosts()).toHaveLength(1);
    const [button] = question.reply_markup?.inline_keyboard.flat() ?? [];
    await telegram.press(TOM, question, button?.text ?? "");
    await inTelegram(/Removed ada in/);
    expect(await hosts()).toEqual([]);
  });

  it("the bot killed by -9 in the middle of a deploy tells the rest in the same message", async () => {
    discord.run(mia, "deploy", { name: "bob" });
    const status = await inDiscord(/Deploying bob/);
    const [, id = ""] = /cancel operation:(\w{16})/.exec(JSON.stringify(status.components)) ?? [];
    await until({ socketPath: join(creel.stateDir, "redis", "redis.sock") }, parseOperationId(id), hasReached("ready"));
    await running.kill();
    running = creel.serve("start");
    const outcome = await outcomeInDiscord(/Deployed bob in/);
    await discord.when(() => textOf(status).includes("Deployed bob in") && status.components.length === 0);
    expect(statusesInDiscord(/Deploy(?:ed|ing) bob/)).toEqual([status]);
    const told = allMessages().filter((message) => message.pings.length > 0 && /Deployed bob in/.test(textOf(message)));
    expect(told).toEqual([outcome]);
    expect(await hosts()).toHaveLength(1);
  });

  it("a chat that is away for a while hears the outcome afterwards", async () => {
    await telegram.say(TOM, "/destroy agent:bob");
    const question = await telegram.waitFor(() =>
      telegram.messages(TOM).findLast(({ byBot, text }) => byBot && /cannot be undone/.test(text)),
    );
    await telegram.press(TOM, question, question.reply_markup?.inline_keyboard[0]?.[0]?.text ?? "");
    await inTelegram(/Removing bob/);
    await telegram.down();
    await expect.poll(hosts, { timeout: 60_000 }).toEqual([]);
    await telegram.up();
    await inTelegram(/Removed bob in/);
  });
});

/** Everything a person reads of a message. */
function textOf(message: Message | undefined): string {
  return message === undefined ? "" : JSON.stringify([message.content, message.embeds]);
}
