import { once } from "node:events";
import { createServer } from "node:http";
import { expect, test } from "vitest";
import { describeBot } from "../../../src/channels/telegram/describe-bot.ts";
import { diagnoseTelegram } from "../../../src/channels/telegram/diagnose.ts";
import { Secret } from "../../../src/core/secrets.ts";
import type { TelegramServer } from "../../fixtures/telegram/server.ts";
import { ada, group, telegramWithPeople } from "./world.ts";

async function look(server: TelegramServer, more: { webhookUrl?: string; alertsChat?: string } = {}) {
  const { apiRoot } = server;
  const token = new Secret(server.token);
  const findings = await diagnoseTelegram({ apiRoot, token, webhookUrl: null, alertsChat: null, ...more });
  return findings.map(({ subject, verdict, seen }) => `${verdict} ${subject}: ${seen}`);
}

/** The real server reaches the address; here nothing listens there. */
async function setWebhook(server: TelegramServer, url: string) {
  await fetch(`${server.apiRoot}/bot${server.token}/setWebhook?url=${encodeURIComponent(url)}`);
}

test("a bot that works, and where its alerts go", async () => {
  await using server = await telegramWithPeople();
  await server.say(ada, "/start");
  const pending = server.pendingUpdates;
  expect(await look(server, { alertsChat: String(group) })).toEqual([
    "ok telegram.token: The bot is @creel_test_bot.",
    "ok telegram: Nothing else reads the bot's messages.",
    "ok alerts.telegram: Alerts go to Ops.",
  ]);
  expect(await look(server, { alertsChat: String(ada) })).toContain(
    "ok alerts.telegram: Alerts go to the chat with Ada.",
  );
  expect(server.pendingUpdates).toBe(pending);
});

test("a token that is refused, and a server that does not answer", async () => {
  await using server = await telegramWithPeople();
  server.revokeToken();
  expect(await look(server)).toEqual(["problem telegram.token: Telegram refuses the bot's token."]);
  await server.down();
  expect(await look(server)).toEqual(["problem telegram.token: Telegram cannot be reached."]);
});

test("another program on the bot, and messages that nobody reads", async () => {
  await using server = await telegramWithPeople();
  for (let count = 0; count < 25; count += 1) await server.say(ada, "/status");
  const second = server.secondPoller();
  expect((await look(server)).slice(1)).toEqual([
    "warning telegram: Another program reads this bot's messages right now.",
    expect.stringMatching(/^warning telegram: \d+ messages to the bot wait to be read\.$/),
  ]);
  second.stop();
});

test("a webhook where there should be none, and another one than is set", async () => {
  await using server = await telegramWithPeople();
  await setWebhook(server, "http://127.0.0.1:9/elsewhere");
  expect((await look(server))[1]).toMatch(/^warning telegram: Telegram delivers this bot's messages to http/);
  const webhookUrl = "http://127.0.0.1:9/hook";
  expect((await look(server, { webhookUrl }))[1]).toMatch(
    /^warning telegram\.webhook: Telegram delivers to .*elsewhere, not/,
  );
});

test("a webhook that fails", async () => {
  await using server = await telegramWithPeople();
  const again = Promise.withResolvers<void>();
  let requests = 0;
  const broken = createServer((_, response) => {
    requests += 1;
    // The first failure is on record when the second attempt comes.
    if (requests === 2) again.resolve();
    response.writeHead(502).end();
  }).listen(0, "127.0.0.1");
  try {
    await once(broken, "listening");
    const address = broken.address();
    const webhookUrl = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/hook`;
    await setWebhook(server, webhookUrl);
    await server.say(ada, "/status");
    await again.promise;
    const findings = await look(server, { webhookUrl });
    expect(findings[1]).toBe(`ok telegram.webhook: Telegram delivers to ${webhookUrl}.`);
    expect(findings[2]).toMatch(
      /^warning telegram\.webhook: Telegram could last not deliver at .* UTC: .*502 Bad Gateway\.$/,
    );
  } finally {
    broken.close();
    broken.closeAllConnections();
  }
});

test("a chat for alerts that the bot may not write to", async () => {
  await using server = await telegramWithPeople();
  await server.say(ada, "/start");
  server.kick(group, ada);
  expect((await look(server, { alertsChat: String(group) }))[2]).toBe(
    "problem alerts.telegram: Telegram does not let the bot write there.",
  );
  expect((await look(server, { alertsChat: "-42" }))[2]).toMatch(/^problem alerts\.telegram/);
  server.takeViolation(/chat not found/);
});

test("which bot a token belongs to", async () => {
  await using server = await telegramWithPeople();
  const token = new Secret(server.token);
  expect(await describeBot({ token, apiRoot: server.apiRoot })).toEqual({
    id: String(server.botId),
    username: server.botUsername,
  });
  server.revokeToken();
  await expect(describeBot({ token, apiRoot: server.apiRoot })).rejects.toMatchObject({ code: "chat-refused" });
});
