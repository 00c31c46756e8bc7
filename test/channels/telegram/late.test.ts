import { expect, onTestFinished, test } from "vitest";
import { commands } from "../../../commands/index.ts";
import type { ChatChannel } from "../../../src/channels/chat/chat-channel.ts";
import { createTelegramChat } from "../../../src/channels/telegram/telegram.ts";
import { Secret } from "../../../src/core/secrets.ts";
import { agentCalled, createDeskWorld, people } from "../../desk/world.ts";
import { type ChatMessage, startTelegramServer } from "../../fixtures/telegram/server.ts";
import { openChannel } from "../real-channel.ts";

const TOM = 7001;
const HOUR = 3_600_000;

/** Telegram's clock, and Creel's, which may be another one. */
async function telegramAt(skewMs = 0) {
  const time = { ms: Date.UTC(2026, 10, 21, 8), skewMs };
  const server = await startTelegramServer({ now: () => time.ms });
  onTestFinished(() => server[Symbol.asyncDispose]());
  server.addPerson({ id: TOM, name: "Tom" });
  const now = () => time.ms + time.skewMs;
  const world = createDeskWorld(now, { authority: { owners: people({ telegram: [String(TOM)] }) } });
  await world.registry.put(agentCalled("ada"));
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const sleep = (_ms: number, signal: AbortSignal) =>
    new Promise<void>((done) => {
      const timer = setTimeout(done, 20);
      const wake = () => {
        clearTimeout(timer);
        done();
      };
      signal.addEventListener("abort", wake, { once: true });
    });
  const start = (): Promise<ChatChannel> => {
    const { apiRoot } = server;
    const chat = createTelegramChat({ apiRoot, commands, now, elapsed: now, token: new Secret(server.token), onError });
    return openChannel({ chat, world, onError, clock: { now, elapsed: now, sleep } });
  };
  const said = () => server.messages(TOM).filter(({ byBot }) => byBot);
  const found = (pattern: RegExp) => server.waitFor(() => said().find(({ text }) => pattern.test(text)));
  const labels = (message: ChatMessage) => message.reply_markup?.inline_keyboard.flat().map(({ text }) => text);
  return { server, world, errors, time, start, said, found, labels };
}

test("a deploy that was written six hours ago is asked about, and done when it is still wanted", async () => {
  const { server, world, time, start, found, labels, said } = await telegramAt();
  await (await start()).close();
  await server.say(TOM, "/deploy bob");
  time.ms += 6 * HOUR;
  await start();
  const question = await found(/You wrote this 6 h ago, while I was away/);
  // Telegram would make links of it otherwise.
  const text = question.text.replaceAll("\u2060", "");
  expect(text).toMatch(/\/deploy name:bob/);
  expect(text).toMatch(/I was away from 2026-11-21 08:00 to 2026-11-21 14:00 UTC \(6 h\)/);
  expect(labels(question)).toEqual(["Do it now", "Leave it"]);
  expect(world.operations.all.size).toBe(0);
  await server.press(TOM, question, "Do it now");
  await server.waitFor(() => world.operations.all.size === 1);
  time.ms += 2_000;
  await server.waitFor(() => labels(question)?.includes("Do it now") !== true);
  await server.waitFor(() => server.pendingUpdates === 0);
  expect(said()).toMatchObject([{ id: question.id, text: expect.stringMatching(/Deploying bob/) }]);
});

test("leaving it does nothing", async () => {
  const { server, world, time, start, found } = await telegramAt();
  await server.say(TOM, "/destroy ada");
  time.ms += HOUR;
  await start();
  const question = await found(/1 h ago/);
  await server.press(TOM, question, "Leave it");
  await found(/Nothing was done/);
  expect(world.operations.all.size).toBe(0);
});

test("everything that waited is asked about once, and questions are answered", async () => {
  const { server, world, time, start, found, labels, said } = await telegramAt();
  for (const name of ["kim", "bob", "zoe"]) await server.say(TOM, `/deploy ${name}`);
  await server.say(TOM, "/help");
  time.ms += HOUR;
  await start();
  const question = await found(/You asked for these while I was away/);
  expect(labels(question)).toEqual(["/deploy name:kim", "/deploy name:bob", "/deploy name:zoe", "Leave them"]);
  await found(/Commands/);
  await server.waitFor(() => server.pendingUpdates === 0);
  expect(said()).toHaveLength(2);
  await server.press(TOM, question, "/deploy name:bob");
  await server.waitFor(() => world.operations.all.size === 1);
});

test("a press that waited is asked about", async () => {
  const { server, world, time, start, found } = await telegramAt();
  const first = await start();
  await server.say(TOM, "/status bob");
  await server.say(TOM, "/logs");
  await server.waitFor(() => server.pendingUpdates === 0);
  await server.say(TOM, "/destroy ada");
  const confirmation = await found(/cannot be undone/);
  await first.close();
  time.ms += 5_000;
  server.forgiveUnanswered();
  void server.press(TOM, confirmation, confirmation.reply_markup?.inline_keyboard[0]?.[0]?.text ?? "");
  await start();
  await found(/You pressed this while I was away/);
  expect(world.operations.all.size).toBe(0);
});

test.each([2 * HOUR, -2 * HOUR])("a clock that differs by %i ms from Telegram's is allowed for", async (skewMs) => {
  const { server, world, time, start, found } = await telegramAt(skewMs);
  await server.say(TOM, "/deploy old");
  time.ms += HOUR;
  await start();
  await found(/1 h ago/);
  expect(world.operations.all.size).toBe(0);
  await server.say(TOM, "/deploy new");
  await server.waitFor(() => world.operations.all.size === 1);
});

test("a clock that is set meanwhile makes nothing old", async () => {
  const { server, world, time, start, found } = await telegramAt();
  await start();
  await server.say(TOM, "/help");
  await found(/Commands/);
  time.skewMs = 2 * HOUR;
  await server.say(TOM, "/deploy new");
  await server.waitFor(() => world.operations.all.size === 1);
});
