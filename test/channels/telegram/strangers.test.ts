import { expect, onTestFinished, test } from "vitest";
import { commands } from "../../../commands/index.ts";
import { createTelegramChat } from "../../../src/channels/telegram/telegram.ts";
import { Secret } from "../../../src/core/secrets.ts";
import { createDeskWorld, people } from "../../desk/world.ts";
import { startTelegramServer } from "../../fixtures/telegram/server.ts";
import { openChannel } from "../real-channel.ts";

const TOM = 7001;
const EVE = 6666;
const GROUP = -1_000_000_000_555;

/** With Telegram's flood limits, and the real desk. */
async function withStrangers() {
  const server = await startTelegramServer();
  onTestFinished(() => server[Symbol.asyncDispose]());
  server.addPerson({ id: TOM, name: "Tom" });
  for (let id = EVE; id < EVE + 100; id += 1) server.addPerson({ id, name: `Eve ${id}` });
  server.addGroup({ id: GROUP, title: "Everybody", members: [TOM, EVE] });
  const world = createDeskWorld(Date.now, { authority: { owners: people({ telegram: [String(TOM)] }) } });
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const { apiRoot } = server;
  const chat = createTelegramChat({
    apiRoot,
    commands,
    now: Date.now,
    elapsed: Date.now,
    token: new Secret(server.token),
    onError,
  });
  await openChannel({ chat, world, onError });
  const saidTo = (id: number) => server.messages(id).filter(({ byBot }) => byBot);
  const sends = () => server.calls.filter(({ method }) => /^send/i.test(method)).length;
  return { server, world, errors, saidTo, sends };
}

test("two hundred messages of one stranger hold up nobody, and lead to one", async () => {
  const { server, world, errors, saidTo, sends } = await withStrangers();
  for (let index = 0; index < 200; index += 1) await server.say(EVE, index % 2 === 0 ? "hello?" : "/destroy agent:ada");
  await server.say(TOM, "/help");
  await server.waitFor(() => saidTo(TOM).length === 1);
  await server.waitFor(() => server.pendingUpdates === 0);
  expect(saidTo(EVE)).toHaveLength(1);
  expect(saidTo(EVE)[0]?.text).toMatch(/private.*6666/s);
  expect(saidTo(EVE)[0]?.text).not.toMatch(/creel|openclaw|owners|yaml/i);
  expect(saidTo(EVE)[0]?.entities).toContainEqual(expect.objectContaining({ type: "code", length: 4 }));
  expect(sends()).toBe(2);
  expect(world.audit.events).toHaveLength(1);
  expect(errors).toEqual([]);
});

test("a hundred strangers at once hold up nobody", async () => {
  const { server, world, saidTo, sends } = await withStrangers();
  for (let id = EVE; id < EVE + 100; id += 1) await server.say(id, "/status");
  await server.say(TOM, "/help");
  await server.waitFor(() => saidTo(TOM).length === 1);
  await server.waitFor(() => server.pendingUpdates === 0);
  expect(sends()).toBeLessThanOrEqual(21);
  expect(world.audit.events.length).toBeLessThanOrEqual(21);
});

test("one who never pressed Start may write to a group as much as they like", async () => {
  const { server, saidTo, sends } = await withStrangers();
  for (let index = 0; index < 160; index += 1) await server.say(EVE, "/status", { chat: GROUP });
  await server.say(TOM, "/help");
  await server.waitFor(() => saidTo(TOM).length === 1);
  await server.waitFor(() => server.pendingUpdates === 0);
  expect(saidTo(GROUP)).toHaveLength(1);
  expect(sends()).toBe(2);
});

test("a stranger who blocks the bot, or floods it until Telegram says no, is not tried again", async () => {
  const { server, saidTo, sends } = await withStrangers();
  server.floodWait({ method: "sendMessage", retryAfterS: 600 });
  await server.say(EVE, "/status");
  await server.waitFor(() => sends() === 1);
  await server.say(EVE + 1, "/status");
  await server.say(EVE, "/status");
  await server.say(TOM, "/help");
  await server.waitFor(() => saidTo(TOM).length === 1);
  await server.waitFor(() => server.pendingUpdates === 0);
  expect(saidTo(EVE)).toEqual([]);
  expect(sends()).toBe(3);
});
