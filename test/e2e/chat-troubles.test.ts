import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DiscordServer, startDiscordServer } from "../fixtures/discord/server.ts";
import { startTelegramServer, type TelegramServer } from "../fixtures/telegram/server.ts";
import { type Installation, installCreel } from "./creel.ts";
import { filesWith } from "./traces.ts";

const mia = { id: "100000000000000001", name: "Mia" };
const TOM = 7001;

/** Real processes, real libraries; no hosts. */
describe("when a chat refuses the bot", () => {
  let discord: DiscordServer;
  let telegram: TelegramServer;
  let alerts: string;
  let creel: Installation | undefined;

  beforeEach(async () => {
    discord = await startDiscordServer({ identifyIntervalMs: 0 });
    telegram = await startTelegramServer();
    telegram.addPerson({ id: TOM, name: "Tom" });
    alerts = discord.addChannel("alerts");
  });
  afterEach(async () => {
    await creel?.[Symbol.asyncDispose]();
    await telegram[Symbol.asyncDispose]();
    await discord[Symbol.asyncDispose]();
  });

  function install(tokens: { readonly discord?: string; readonly telegram?: string } = {}): Installation {
    creel = installCreel(
      [
        `owners: { discord: { users: ["${mia.id}"] }, telegram: [${TOM}] }`,
        `discord: { token: "env:DISCORD", guilds: ["${discord.guildId}"], api: "${discord.api}" }`,
        `telegram: { token: "env:TELEGRAM", apiRoot: "${telegram.apiRoot}" }`,
        `alerts: { discord: "${alerts}" }\n`,
      ].join("\n"),
      { DISCORD: tokens.discord ?? discord.token, TELEGRAM: tokens.telegram ?? telegram.token },
    );
    return creel;
  }
  const alert = (pattern: RegExp) =>
    discord.when(() =>
      discord.messages(alerts).find(({ content, embeds }) => pattern.test(JSON.stringify([content, embeds]))),
    );

  it("a revoked Telegram token is named in the alerts channel, and Discord goes on", async () => {
    const running = install().serve("start");
    await running.printed(/creel: ready/);
    await telegram.waitFor(() => telegram.polling);
    telegram.revokeToken();
    await alert(/Telegram refuses the bot's token/);
    await running.printed(/Ask @BotFather for a new one/);
    expect((await discord.run(mia, "help").answered).embeds).toHaveLength(1);
    expect((await running.end()).exitCode).toBe(0);
  });

  it("a wrong Discord token is named at the start, and Telegram works", async () => {
    const running = install({ discord: `${discord.token}x` }).serve("start");
    await running.printed(/Discord refuses the bot's token/);
    await running.printed(/creel: ready/);
    await telegram.say(TOM, "/help");
    expect((await telegram.nextMessage(TOM)).text).toMatch(/Commands/);
    await running.end();
  });

  it("with no chat that takes the bot, a service ends, saying why", async () => {
    const running = install({ discord: `${discord.token}x`, telegram: `${telegram.token}x` }).serve("start");
    await running.printed(/Discord refuses the bot's token/);
    await running.printed(/Telegram refuses the bot's token/);
    expect(await running.exited()).toBe(1);
    expect(running.output()).not.toMatch(/creel: ready/);
  });

  it("a chat that cannot be reached is named, is tried again, and holds up neither the other one nor the end", async () => {
    await telegram.down();
    const running = install().serve("start");
    await running.printed(/Telegram cannot be reached/);
    await running.printed(/creel: ready/);
    expect((await discord.run(mia, "help").answered).embeds).toHaveLength(1);
    await telegram.up();
    await telegram.say(TOM, "/help");
    expect((await telegram.nextMessage(TOM)).text).toMatch(/Commands/);
    await discord.down();
    await telegram.down();
    expect((await running.end()).exitCode).toBe(0);
  });

  it("a service that is stopped before any chat answered ends at once", async () => {
    await telegram.down();
    await discord.down();
    const running = install().serve("start");
    await running.printed(/cannot be reached/);
    expect((await running.end()).exitCode).toBe(0);
  });

  it("a second program on the same Telegram bot is named, until it is gone", async () => {
    const running = install().serve("start");
    await running.printed(/creel: ready/);
    const other = telegram.secondPoller();
    await alert(/Another program uses the same Telegram bot/);
    await running.printed(/Stop the other program/);
    other.stop();
    await running.end();
  });

  it("creel doctor says what works and what does not", async () => {
    const installation = install();
    const well = await installation.start("doctor").end();
    expect(well.output).toMatch(/discord\.token +ok +It belongs to/);
    expect(well.output).toMatch(/telegram\.token +ok +The bot is @/);
    expect(well.output).toMatch(/discord\.guilds/);
    expect(well.output).toMatch(/alerts\.discord +ok/);
    discord.setPermissions(alerts, { send: false });
    const muted = await installation.start("doctor").end();
    expect(muted.exitCode).toBe(1);
    expect(muted.output).toMatch(/alerts\.discord +PROBLEM .*Send Messages/);
    discord.revokeToken();
    telegram.revokeToken();
    const broken = await installation.start("doctor").end();
    expect(broken.exitCode).toBe(1);
    expect(broken.output).toMatch(/discord\.token +PROBLEM +Discord refuses the bot's token/);
    expect(broken.output).toMatch(/telegram\.token +PROBLEM +Telegram refuses the bot's token/);
  });

  it("no token is in any file or in anything that was printed", async () => {
    const installation = install();
    const running = installation.serve("start");
    await running.printed(/creel: ready/);
    await telegram.say(TOM, "/status");
    await telegram.nextMessage(TOM);
    telegram.revokeToken();
    await alert(/Telegram refuses the bot's token/);
    discord.revokeToken();
    await running.printed(/Discord refuses the bot's token/);
    await running.end();
    for (const token of [discord.token, telegram.token]) {
      expect(filesWith(installation.stateDir, token)).toEqual([]);
      expect(installation.transcript()).not.toContain(token);
    }
  });
});
