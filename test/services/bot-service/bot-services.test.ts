import { describe, expect, it } from "vitest";
import { createBotServices } from "../../../services/bot-service/fetched-bot-services.ts";
import { createMemoryBotServices } from "../../../services/bot-service/memory.ts";
import { Secret } from "../../../src/core/secrets.ts";
import { botServicesContract } from "../../contract/bot-service.ts";
import { DiscordServer } from "../../fixtures/discord/server.ts";
import { startTelegramServer } from "../../fixtures/telegram/server.ts";

const MESSAGE_CONTENT_INTENT = 1 << 15;
const otherToken = {
  telegram: new Secret(`987654321:${"x".repeat(35)}`),
  discord: new Secret(`${btoa("987654321987654321")}.xxxxxx.${"x".repeat(38)}`),
};

botServicesContract("over HTTP, at Telegram", async () => {
  const server = await startTelegramServer();
  const { apiRoot, token, botUsername, botId } = server;
  return {
    ...{ services: createBotServices(), channel: "telegram", apiRoot, token: new Secret(token) },
    ...{ bot: { id: String(botId), name: botUsername }, otherToken: otherToken.telegram },
    revoke: () => server.revokeToken(),
    down: () => server.down(),
    dispose: async () => await server[Symbol.asyncDispose](),
  };
});

async function discord(privilegedIntents = MESSAGE_CONTENT_INTENT) {
  const server = new DiscordServer({ privilegedIntents });
  await server.listen();
  return { server, services: createBotServices({ discordApi: `${server.api}/v10`, timeLimitMs: 300 }) };
}

botServicesContract("over HTTP, at Discord", async () => {
  const { server, services } = await discord();
  const token = new Secret(server.token);
  return {
    ...{ services, channel: "discord", apiRoot: null, token, otherToken: otherToken.discord },
    bot: { id: server.applicationId, name: "bot_under_test" },
    revoke: () => server.revokeToken(),
    down: () => server.down(),
    dispose: async () => await server[Symbol.asyncDispose](),
  };
});

for (const channel of ["telegram", "discord"] as const) {
  botServicesContract(`in memory, at ${channel}`, async () => {
    const services = createMemoryBotServices();
    const bot = { id: "123456789123456789".slice(0, channel === "telegram" ? 9 : 18), name: "ada_bot" };
    const token = services.add(channel, bot);
    return {
      ...{ services, channel, apiRoot: null, token, bot, otherToken: otherToken[channel] },
      revoke: () => services.revoke(token),
      down: async () => services.down(),
      dispose: async () => undefined,
    };
  });
}

describe("bot services over HTTP", () => {
  it("say of a bot that may not read messages what to switch on", async () => {
    const { server, services } = await discord(0);
    await using _ = server;
    await expect(services.whose("discord", { apiRoot: null }, new Secret(server.token))).rejects.toMatchObject({
      code: "chat-refused",
      hint: expect.stringContaining("Message Content Intent"),
    });
  });

  it("take the wait that Telegram asks for", async () => {
    await using server = await startTelegramServer();
    server.floodWait({ method: "getMe", retryAfterS: 5 });
    const asking = createBotServices().whose("telegram", server, new Secret(server.token));
    await expect(asking).rejects.toMatchObject({ code: "chat-unavailable", retry: "later", retryAfterMs: 5000 });
  });

  it("take nothing away from a program that reads the bot's messages", async () => {
    await using server = await startTelegramServer();
    await createBotServices().whose("telegram", server, new Secret(server.token));
    expect(server.calls.map(({ method }) => method)).toEqual(["getMe"]);
  });
});
