import { once } from "node:events";
import { createServer } from "node:net";
import { expect, test } from "vitest";
import type { PressEvent } from "../../../src/channels/channel.ts";
import { listenError } from "../../../src/channels/telegram/listen.ts";
import { Secret } from "../../../src/core/secrets.ts";
import type { TelegramServer } from "../../fixtures/telegram/server.ts";
import { freePort } from "../../free-port.ts";
import { ada, createChat, createPeople, inPrivate, openChat, ordinary, saying, telegramWithPeople } from "./world.ts";

const secret = "a_good-Secret1";

async function settings() {
  const port = await freePort();
  return { url: `http://127.0.0.1:${port}/hook`, listen: `127.0.0.1:${port}`, secret: new Secret(secret) };
}

/** Whose command `arrived`, and is at work until `dealt` resolves. */
function slowPeople(server: TelegramServer) {
  const dealt = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  const people = createPeople(server, {
    command() {
      arrived.resolve();
      return dealt.promise;
    },
  });
  return { people, dealt, arrived };
}

const lastSetting = (server: TelegramServer) => server.calls.findLast(({ method }) => method === "setWebhook")?.payload;

test("updates come in by the webhook, and are accepted after they are dealt with", async () => {
  await using server = await telegramWithPeople();
  const webhook = await settings();
  const { people, dealt, arrived } = slowPeople(server);
  await using _running = await openChat(server, people.handler, { webhook });
  expect(lastSetting(server)).toMatchObject({
    ...{ url: webhook.url, secret_token: secret, drop_pending_updates: false },
    allowed_updates: ["message", "callback_query"],
  });
  await server.say(ada, "/status");
  await arrived.promise;
  expect(server.pendingUpdates).toBeGreaterThan(0);
  dealt.resolve();
  await server.waitFor(() => server.pendingUpdates === 0);
  expect(people.commandEvents).toHaveLength(1);
});

test("only Telegram is let in", async () => {
  await using server = await telegramWithPeople();
  const webhook = await settings();
  const people = createPeople(server);
  await using _running = await openChat(server, people.handler, { webhook });
  const update = {
    update_id: 1,
    message: {
      message_id: 1,
      date: 0,
      from: { id: ada, is_bot: false, first_name: "Ada" },
      chat: { id: ada, type: "private" },
      text: "/status",
    },
  };
  const knock = async (path: string, given: string | null, body: string | null) => {
    const headers: Record<string, string> = given === null ? {} : { "x-telegram-bot-api-secret-token": given };
    const request = body === null ? { headers } : { method: "POST", headers, body };
    return (await fetch(new URL(path, webhook.url), request)).status;
  };
  const body = JSON.stringify(update);
  expect(await knock("/hook", null, body)).toBe(401);
  expect(await knock("/hook", `${secret}2`, body)).toBe(401);
  expect(await knock("/other", secret, body)).toBe(404);
  expect(await knock("/hook", secret, null)).toBe(405);
  expect(await knock("/hook", secret, "not json")).toBe(400);
  expect(await knock("/hook", secret, "[]")).toBe(400);
  expect(await knock("/hook", secret, " ".repeat(1024 * 1024 + 1))).toBe(413);
  expect(people.commandEvents).toEqual([]);
  expect(await knock("/hook", secret, body)).toBe(200);
  expect(people.commandEvents).toHaveLength(1);
});

test("what is still worked on is not begun again when it is delivered again", async () => {
  await using server = await telegramWithPeople();
  const webhook = await settings();
  const { people, dealt, arrived } = slowPeople(server);
  await using _running = await openChat(server, people.handler, { webhook });
  const headers = { "x-telegram-bot-api-secret-token": secret };
  const deliver = async (update: object) =>
    (await fetch(webhook.url, { method: "POST", body: JSON.stringify(update), headers })).status;
  const message = {
    message_id: 1,
    date: 0,
    from: { id: ada, is_bot: false, first_name: "Ada" },
    chat: { id: ada, type: "private" },
    text: "/status",
  };
  const first = deliver({ update_id: 1, message });
  await arrived.promise;
  const second = deliver({ update_id: 1, message });
  // Answered after the second one was read.
  for (const update_id of [2, 3, 4]) expect(await deliver({ update_id })).toBe(200);
  dealt.resolve();
  expect([await first, await second]).toEqual([200, 200]);
  expect(people.commandEvents).toHaveLength(1);
});

test("what was finished is not begun again when it is delivered again", async () => {
  await using server = await telegramWithPeople();
  const webhook = await settings();
  const people = createPeople(server);
  await using _running = await openChat(server, people.handler, { webhook });
  const message = {
    message_id: 1,
    date: 0,
    from: { id: ada, is_bot: false, first_name: "Ada" },
    chat: { id: ada, type: "private" },
    text: "/status",
  };
  for (const update_id of [7, 8, 7]) {
    const body = JSON.stringify({ update_id, message });
    const headers = { "x-telegram-bot-api-secret-token": secret };
    expect((await fetch(webhook.url, { method: "POST", body, headers })).status).toBe(200);
  }
  expect(people.commandEvents.map(({ key }) => key)).toEqual(["7", "8"]);
});

test("asking for updates takes the place of a webhook, without losing any", async () => {
  await using server = await telegramWithPeople();
  const webhook = await settings();
  {
    await using _running = await openChat(server, createPeople(server).handler, { webhook });
  }
  await server.say(ada, "/status");
  const people = createPeople(server);
  await using _running = await openChat(server, people.handler);
  await server.waitFor(() => people.commandEvents.length === 1);
});

test("a secret that Telegram does not take is refused before anything is sent", async () => {
  await using server = await telegramWithPeople();
  const webhook = { ...(await settings()), secret: new Secret("has spaces") };
  await using running = createChat(server, { webhook });
  await expect(running.chat.open(createPeople(server).handler)).rejects.toMatchObject({ code: "config-invalid" });
  expect(server.calls).toEqual([]);
});

test("an address in use is named", async () => {
  await using server = await telegramWithPeople();
  const taken = createServer().listen(0, "127.0.0.1");
  try {
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" ? address?.port : 0;
    const webhook = { url: `http://127.0.0.1:${port}/hook`, listen: `127.0.0.1:${port}`, secret: new Secret(secret) };
    await using running = createChat(server, { webhook });
    await expect(running.chat.open(createPeople(server).handler)).rejects.toMatchObject({
      code: "address-in-use",
      userMessage: `Creel cannot listen on 127.0.0.1:${port} for Telegram: another program listens there.`,
      hint: expect.stringContaining("telegram.webhook.listen"),
    });
    expect(lastSetting(server)).toBeUndefined();
  } finally {
    taken.close();
  }
});

// 192.0.2.0/24 is for documentation (RFC 5737), so no machine has it.
test.each([
  ["192.0.2.1:8443", "this machine does not have that address"],
  ["127.0.0.1:70000", "there is no such port"],
])("%s cannot be listened on: %s", async (listen, why) => {
  await using server = await telegramWithPeople();
  const webhook = { url: "http://127.0.0.1:1/hook", listen, secret: new Secret(secret) };
  await using running = createChat(server, { webhook });
  await expect(running.chat.open(createPeople(server).handler)).rejects.toMatchObject({
    code: "config-invalid",
    userMessage: `Creel cannot listen on ${listen} for Telegram: ${why}.`,
    hint: expect.stringContaining("telegram.webhook.listen"),
  });
});

test.each([
  ["EACCES", "the system does not allow it"],
  ["ENOTFOUND", "there is no such address"],
  ["EMFILE", "the system says EMFILE"],
])("%s is told in plain words", (code, why) => {
  expect(listenError("example.com:80", Object.assign(new Error("listen"), { code }))).toMatchObject({
    code: "config-invalid",
    userMessage: `Creel cannot listen on example.com:80 for Telegram: ${why}.`,
  });
});

test("an address that Telegram does not take is a wrong setting, in Telegram's own words", async () => {
  await using server = await telegramWithPeople();
  const webhook = await settings();
  await using running = createChat(server, { webhook });
  const reason = "Webhook can be set up only on ports 80, 88, 443 or 8443";
  server.failNext({ method: "setWebhook", error_code: 400, description: `Bad Request: bad webhook: ${reason}` });
  await expect(running.chat.open(createPeople(server).handler)).rejects.toMatchObject({
    code: "config-invalid",
    userMessage: `Telegram does not take the address in telegram.webhook.url. It says: ${reason}.`,
    hint: expect.stringContaining("telegram.webhook.url"),
  });
  // Nothing listens any more.
  await expect(fetch(webhook.url)).rejects.toThrow();
});

test("what waited at Telegram when Creel came is known as such, however long its delivery takes", async () => {
  let nowMs = Date.now();
  const now = () => nowMs;
  await using server = await telegramWithPeople({ now });
  const webhook = await settings();
  const late: boolean[] = [];
  const behaviour = {
    async command() {
      // As long as it may take to deal with what came before.
      nowMs += 60_000;
    },
    async press({ isLate, responder }: PressEvent) {
      late.push(await isLate());
      await responder.answer(saying("Here", { buttons: ["Again"] }));
    },
  };
  const people = createPeople(server, behaviour);
  let message = await (async () => {
    await using running = await openChat(server, people.handler, { webhook, now });
    await server.say(ada, "/start");
    await server.waitFor(() => server.pendingUpdates === 0);
    await running.chat.post(inPrivate, saying("Here", { buttons: ["Again"] }), ordinary);
    return await server.nextMessage(ada);
  })();
  server.forgiveUnanswered();
  await server.say(ada, "/status");
  void server.press(ada, message, "Again");
  await using _again = await openChat(server, people.handler, { webhook, now });
  await server.waitFor(() => late.length === 1);
  message = await server.nextMessage(ada);
  await server.waitFor(() => server.pendingUpdates === 0);
  await server.press(ada, message, "Again");
  expect(late).toEqual([true, false]);
});
