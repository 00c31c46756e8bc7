import { expect, test } from "vitest";
import type { Command } from "../../../commands/command.ts";
import { commands } from "../../../commands/index.ts";
import { connect, openServer, prepare } from "./world.ts";

const puts = (calls: readonly { method: string }[]) => calls.filter(({ method }) => method === "PUT").length;

test("commands are offered in the named servers, with their options", async () => {
  const { server } = await connect();
  const known = server.commands();
  expect(known.map(({ name }) => name)).toEqual(commands.map(({ name }) => name));
  expect(known.find(({ name }) => name === "logs")).toMatchObject({
    default_member_permissions: null,
    options: [
      { name: "agent", type: 3, required: true, autocomplete: true },
      { name: "lines", type: 4, min_value: 1, max_value: 1000 },
    ],
  });
  expect(known.find(({ name }) => name === "connect")?.options?.[2]).toMatchObject({
    name: "token",
    description: expect.stringMatching(/again with new$/),
    autocomplete: true,
  });
  expect(known.find(({ name }) => name === "image")?.options?.[0]?.choices).toEqual([
    { name: "status", value: "status" },
    { name: "build", value: "build" },
  ]);
  expect(server.commands(null)).toEqual([]);
});

test("without named servers they are offered in all, but not in private chats", async () => {
  const { server } = await connect({ guilds: [] });
  expect(server.commands(null)).toHaveLength(commands.length);
  expect(server.commands(null)[0]).toMatchObject({ contexts: [0], integration_types: [0] });
  expect(server.commands()).toEqual([]);
});

test("nothing is registered again unless it changed", async () => {
  const server = await openServer();
  for (const guilds of [[], [server.guildId]]) {
    const before = puts(server.calls);
    const first = await prepare({ guilds }, server);
    await first.chat.open(first.handler);
    await first.chat.close();
    expect(puts(server.calls)).toBeGreaterThan(before);
    const after = puts(server.calls);
    const second = await prepare({ guilds }, server);
    await second.chat.open(second.handler);
    await second.chat.close();
    expect(puts(server.calls)).toBe(after);
  }
  const renamed: readonly Command[] = commands.map((command) => ({ ...command, summary: `${command.summary}, now` }));
  const third = await prepare({ commands: renamed }, server);
  await third.chat.open(third.handler);
  expect(server.commands()[0]?.description).toMatch(/, now$/);
  // Those for all servers went when one server was named, or they would be offered twice.
  expect(server.commands(null)).toEqual([]);
});

test("a server the bot is not in is told about, and the others are served", async () => {
  const server = await openServer();
  const { guildId } = server.addGuild("Elsewhere");
  server.removeBotFromGuild(guildId);
  const world = await prepare({ guilds: [guildId, server.guildId] }, server);
  await world.chat.open(world.handler);
  expect(server.commands()).toHaveLength(commands.length);
  expect(world.errors).toMatchObject([{ code: "chat-forbidden", userMessage: expect.stringContaining(guildId) }]);
});

test("a server the bot is added to later gets them then", async () => {
  const world = await prepare();
  const route = "/applications/:id/guilds/:id/commands";
  world.server.failNext({ method: "GET", route, status: 403, body: { code: 50_001, message: "Missing Access" } });
  await world.chat.open(world.handler);
  expect(world.server.commands()).toEqual([]);
  // A new session begins with the servers the bot is in, as being added to one does.
  world.server.invalidSession(false);
  await world.server.when(() => world.server.commands().length === commands.length);
  expect(world.errors).toMatchObject([{ code: "chat-forbidden" }]);
});

test("a Discord that stumbles while commands are registered is asked again", async () => {
  const world = await prepare();
  world.server.failNext({ method: "PUT", status: 503, times: 2 });
  await world.chat.open(world.handler);
  expect(world.server.commands()).toHaveLength(commands.length);
  expect(world.server.connected).toBe(1);
});

test("removed from a server and added again, its commands are back", async () => {
  const { server } = await connect();
  server.removeBotFromGuild();
  server.addBotToGuild();
  await server.when(() => server.commands().length === commands.length);
  expect(server.commands(null)).toEqual([]);
});

test.each([
  { name: "one server, then all", before: (id: string) => [id], after: () => [] as string[] },
  { name: "all, then one server", before: () => [] as string[], after: (id: string) => [id] },
  { name: "another server than before", before: (_: string, other: string) => [other], after: (id: string) => [id] },
])("$name: each command is offered exactly once", async ({ before, after }) => {
  const server = await openServer();
  const other = server.addGuild("Other").guildId;
  for (const guilds of [before(server.guildId, other), after(server.guildId)]) {
    const world = await prepare({ guilds }, server);
    await world.chat.open(world.handler);
    for (const guild of [server.guildId, other]) {
      const wanted = guilds.length === 0 || guilds.includes(guild) ? commands.length : 0;
      await server.when(() => [...server.commands(guild), ...server.commands(null)].length === wanted);
    }
    await world.chat.close();
  }
});

test("a server it joins keeps nothing of earlier settings", async () => {
  const server = await openServer();
  const first = await prepare({ guilds: [server.guildId] }, server);
  await first.chat.open(first.handler);
  await first.chat.close();
  const { guildId } = server.addGuild("Other");
  const second = await prepare({ guilds: [guildId] }, server);
  await second.chat.open(second.handler);
  await server.when(() => server.commands().length === 0);
  expect(server.commands(guildId)).toHaveLength(commands.length);
});
