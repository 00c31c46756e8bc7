import { PermissionFlagsBits } from "discord.js";
import { expect, test } from "vitest";
import { commands } from "../../../commands/index.ts";
import { checkDiscord } from "../../../src/channels/discord/check.ts";
import { describeBot } from "../../../src/channels/discord/describe-bot.ts";
import { inviteLink } from "../../../src/channels/discord/invite.ts";
import { permissionsIn } from "../../../src/channels/discord/permissions.ts";
import { Secret } from "../../../src/core/secrets.ts";
import type { DiscordServer } from "../../fixtures/discord/server.ts";
import { openServer, prepare } from "./world.ts";

const optionsOf = (server: DiscordServer) => ({
  token: new Secret(server.token),
  api: server.api,
  guilds: [server.guildId],
  commands,
  alerts: server.channelId,
});

test("all is well", async () => {
  const server = await openServer();
  const { chat, handler } = await prepare({}, server);
  await chat.open(handler);
  expect(await checkDiscord(optionsOf(server))).toEqual([
    {
      subject: "discord.token",
      verdict: "ok",
      seen: "It belongs to Bot under test. None of the Privileged Gateway Intents is needed.",
      fix: null,
    },
    {
      subject: "discord.guilds",
      verdict: "ok",
      seen: "The bot is in Test guild; its commands are known there.",
      fix: null,
    },
    { subject: "discord permissions", verdict: "ok", seen: "The bot may do all it needs in Test guild.", fix: null },
    { subject: "alerts.discord", verdict: "ok", seen: "The bot may do all it needs in #general.", fix: null },
  ]);
});

test("a refused token", async () => {
  const server = await openServer();
  const options = { ...optionsOf(server), token: new Secret("wrong") };
  expect(await checkDiscord(options)).toMatchObject([
    { subject: "discord.token", verdict: "problem", fix: expect.stringContaining("Reset Token") },
  ]);
  await expect(describeBot(options)).rejects.toMatchObject({ code: "chat-refused" });
});

test("a Discord that cannot be reached", async () => {
  const server = await openServer();
  await server.down("refused");
  expect(await checkDiscord(optionsOf(server))).toMatchObject([
    { subject: "discord.token", verdict: "problem", seen: "Discord cannot be reached." },
  ]);
});

test("commands that are not there yet, permissions that are missing, a server without the bot", async () => {
  const server = await openServer();
  server.setPermissions(server.channelId, { embed: false, threads: false });
  const elsewhere = server.addGuild("Elsewhere").guildId;
  server.removeBotFromGuild(elsewhere);
  const [, here, there, , alerts] = await checkDiscord({ ...optionsOf(server), guilds: [server.guildId, elsewhere] });
  expect(here).toMatchObject({ verdict: "warning", fix: "Start Creel once; it registers them." });
  expect(there).toMatchObject({ verdict: "problem", fix: expect.stringContaining(inviteLink(server.applicationId)) });
  expect(alerts).toMatchObject({
    verdict: "problem",
    seen: "In #general the bot lacks: Send Messages in Threads, Create Public Threads, Embed Links.",
  });
});

test("without named servers, those the bot is in", async () => {
  const server = await openServer();
  const { chat, handler } = await prepare({ guilds: [] }, server);
  await chat.open(handler);
  const options = { ...optionsOf(server), guilds: [], alerts: null };
  server.addGuild("Second");
  server.removeBotFromGuild(server.addGuild("Elsewhere").guildId);
  const seen = async () => (await checkDiscord(options)).slice(1).map(({ verdict, seen }) => `${verdict}: ${seen}`);
  expect(await seen()).toEqual([
    "ok: The bot is in Test guild, Second; its commands are known there.",
    "ok: The bot may do all it needs in Test guild, Second.",
  ]);
  for (let count = 3; count <= 12; count += 1) server.addGuild(`No. ${count}`);
  const { length } = server.calls;
  const [where, may] = await seen();
  expect(where).toMatch(/No\. 10 and 2 more; its commands are known there\.$/);
  expect(may).toMatch(/No\. 10\.$/);
  expect(server.calls.slice(length).filter(({ route }) => route.includes("members"))).toHaveLength(10);
});

test("without any server", async () => {
  const server = await openServer();
  server.removeBotFromGuild();
  const found = await checkDiscord({ ...optionsOf(server), guilds: [], alerts: null });
  expect(found.slice(1)).toEqual([
    {
      subject: "discord servers",
      verdict: "problem",
      seen: "The bot is in no Discord server.",
      fix: `Invite it: ${inviteLink(server.applicationId)}`,
    },
  ]);
});

test("permissions that are missing in a server as a whole", async () => {
  const server = await openServer();
  const second = server.addGuild("Second").guildId;
  server.setGuildPermissions({ threads: false, attach: false }, second);
  for (const guilds of [[server.guildId, second], []]) {
    const found = await checkDiscord({ ...optionsOf(server), guilds });
    expect(found.filter(({ subject }) => subject === "discord permissions")).toEqual([
      { subject: "discord permissions", verdict: "ok", seen: "The bot may do all it needs in Test guild.", fix: null },
      {
        subject: "discord permissions",
        verdict: "warning",
        seen: "In Second as a whole the bot lacks: Send Messages in Threads, Create Public Threads, Attach Files.",
        fix: `Invite it again, which gives it what is missing: ${inviteLink(server.applicationId)}`,
      },
    ]);
  }
});

test("a server that cannot be looked into", async () => {
  const server = await openServer();
  server.failNext({ route: "/guilds/:id/members/:id", status: 500, body: { message: "oops", code: 0 } });
  const found = await checkDiscord({ ...optionsOf(server), alerts: null });
  expect(found.at(-1)).toEqual({
    subject: "discord permissions",
    verdict: "problem",
    seen: "Discord has trouble of its own.",
    fix: null,
  });
});

test("a channel that is gone", async () => {
  const server = await openServer();
  const gone = server.addChannel("brief");
  server.removeChannel(gone);
  const found = await checkDiscord({ ...optionsOf(server), alerts: gone });
  expect(found.at(-1)).toMatchObject({ subject: "alerts.discord", verdict: "problem" });
});

test("who the bot is, and how it is invited with the least permissions", async () => {
  const server = await openServer();
  const { applicationId, name } = await describeBot(optionsOf(server));
  expect({ applicationId, name }).toEqual({ applicationId: server.applicationId, name: "Bot under test" });
  const link = new URL(inviteLink(applicationId));
  expect(link.origin + link.pathname).toBe("https://discord.com/oauth2/authorize");
  expect(Object.fromEntries(link.searchParams)).toEqual({
    client_id: applicationId,
    scope: "bot applications.commands",
    permissions: "309237763072",
  });
});

test("permissions add up as Discord says", () => {
  const { ViewChannel, SendMessages, Administrator } = PermissionFlagsBits;
  const who = (permissions: bigint) => ({
    guildId: "1",
    userId: "9",
    roleIds: ["2"],
    roles: [
      { id: "1", permissions: String(ViewChannel) },
      { id: "2", permissions: String(permissions) },
      { id: "3", permissions: String(Administrator) },
    ],
  });
  const overwrite = (id: string, type: number, allow: bigint, deny: bigint) => ({
    id,
    type,
    allow: String(allow),
    deny: String(deny),
  });
  expect(permissionsIn(who(SendMessages), [])).toBe(ViewChannel | SendMessages);
  expect(permissionsIn(who(SendMessages), [overwrite("2", 0, 0n, SendMessages)])).toBe(ViewChannel);
  const backAgain = [overwrite("1", 0, 0n, ViewChannel), overwrite("2", 0, ViewChannel, 0n)];
  expect(permissionsIn(who(0n), backAgain)).toBe(ViewChannel);
  expect(permissionsIn(who(0n), [...backAgain, overwrite("9", 1, 0n, ViewChannel)])).toBe(0n);
  expect(permissionsIn(who(Administrator), [overwrite("9", 1, 0n, ViewChannel)]) & SendMessages).toBe(SendMessages);
});
