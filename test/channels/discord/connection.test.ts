import { createServer } from "node:http";
import { describe, expect, onTestFinished, test } from "vitest";
import { Secret } from "../../../src/core/secrets.ts";
import { chatMessage } from "./make.ts";
import { ada, connect, type DiscordWorld, nextCommand, openServer, prepare } from "./world.ts";

/** A command gets through and is answered. */
async function isServed(world: DiscordWorld): Promise<void> {
  const event = nextCommand(world);
  const typed = world.server.run(ada, "status");
  await (await event).responder.answer(chatMessage());
  await typed.answered;
}

const post = ({ chat, server }: DiscordWorld) =>
  chat.post({ channel: "discord", chat: server.channelId, topic: null }, chatMessage(), {
    key: null,
    notify: null,
    replyTo: null,
  });

/** The next bot is sent to a gateway that answers 503. */
async function brokenGateway({ server }: DiscordWorld) {
  const first = Promise.withResolvers<void>();
  const seen = { attempts: 0, attempted: first.promise };
  const http = createServer();
  http.on("upgrade", (_, socket) => {
    seen.attempts += 1;
    socket.end("HTTP/1.1 503 Service Unavailable\r\n\r\n", () => first.resolve());
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    http.close();
    http.closeAllConnections();
  });
  const address = http.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const limits = { total: 1000, remaining: 999, reset_after: 1000, max_concurrency: 1 };
  const body = { url: `ws://127.0.0.1:${port}`, shards: 1, session_start_limit: limits };
  server.failNext({ route: "/gateway/bot", status: 200, body });
  return seen;
}

describe("open", () => {
  test("resolves once people can use it", async () => {
    const world = await connect();
    expect(world.server.connected).toBe(1);
    await isServed(world);
    expect(world.handler.troubles).toEqual([]);
  });

  test.each(["refused", "cut", "503"] as const)("waits for a Discord that is away (%s)", async (outage) => {
    const world = await prepare();
    await world.server.down(outage);
    const opening = world.chat.open(world.handler);
    // When these have failed, so has the first attempt to connect.
    for (const _ of [1, 2, 3]) await expect(post(world)).rejects.toMatchObject({ code: "chat-unavailable" });
    await world.server.up();
    await opening;
    await isServed(world);
    expect(world.errors).toMatchObject([{ code: "chat-unavailable" }]);
  });

  test("waits while Discord fails to say where its gateway is", async () => {
    const world = await prepare();
    world.server.failNext({ route: "/gateway/bot", status: 500, times: 3 });
    await world.chat.open(world.handler);
    await isServed(world);
  });

  test("waits for a gateway that turns connections away, and leaves none of its attempts behind", async () => {
    const world = await prepare();
    const wrong = await brokenGateway(world);
    await world.chat.open(world.handler);
    expect(wrong.attempts).toBe(1);
    // The library comes back half a second after a connection broke; what was left behind would have, too.
    world.server.dropGateway();
    await isServed(world);
    world.server.dropGateway();
    await isServed(world);
    expect(wrong.attempts).toBe(1);
  });

  test("ends when it is closed while the gateway turns connections away", async () => {
    const world = await prepare({ pauses: { firstMs: 60_000, longestMs: 60_000, refusedMs: 60_000 } });
    const wrong = await brokenGateway(world);
    const outcome = expect(world.chat.open(world.handler)).rejects.toMatchObject({ code: "cancelled" });
    await wrong.attempted;
    await world.chat.close();
    await outcome;
  });

  test("ends when it is closed meanwhile", async () => {
    const world = await prepare();
    await world.server.down("503");
    const opening = world.chat.open(world.handler);
    const outcome = expect(opening).rejects.toMatchObject({ code: "cancelled" });
    await world.chat.close();
    await outcome;
  });

  test("tells a token that Discord refuses", async () => {
    const world = await prepare({ token: new Secret("wrong") });
    await expect(world.chat.open(world.handler)).rejects.toMatchObject({
      code: "chat-refused",
      userMessage: "Discord refuses the bot's token.",
    });
    expect(world.handler.troubles).toEqual([]);
  });

  test.each([4013, 4014])("tells an intent that is missing (%i)", async (code) => {
    const world = await prepare();
    const opening = world.chat.open(world.handler);
    const outcome = opening.catch((error: unknown) => error);
    await world.server.when(() => world.server.connected === 1);
    world.server.closeWith(code);
    const error = await outcome;
    // It may come just before or just after the bot is ready.
    const told = () => error ?? world.handler.troubles[0];
    await expect.poll(told).toMatchObject({ code: "chat-refused" });
  });
});

describe("while it is open", () => {
  test("an interrupted connection resumes, and nothing typed meanwhile is lost", async () => {
    const world = await connect();
    for (const interrupt of [() => world.server.dropGateway(), () => world.server.reconnect()]) {
      const event = nextCommand(world);
      interrupt();
      const typed = world.server.run(ada, "status");
      await (await event).responder.answer(chatMessage());
      await typed.answered;
    }
    expect(world.server.calls.filter(({ route }) => route === "/gateway/bot")).toHaveLength(1);
  });

  test.each([true, false])("a session that Discord ends (resumable: %s) is made anew", async (resumable) => {
    const world = await connect();
    const before = world.server.connected;
    world.server.invalidSession(resumable);
    await world.server.when(() => world.server.connected < before);
    await world.server.when(() => world.server.connected === before);
    await isServed(world);
    expect(world.handler.troubles).toEqual([]);
  });

  test("a Discord that was away comes back", async () => {
    const world = await connect();
    await world.server.down("refused");
    await world.server.up();
    await world.server.when(() => world.server.connected === 1);
    await isServed(world);
    expect(world.handler.troubles).toEqual([]);
  });

  test("a refusal is told once, and that it is over, once", async () => {
    const world = await connect();
    world.server.closeWith(4014);
    await expect.poll(() => world.handler.troubles).toHaveLength(2);
    expect(world.handler.troubles).toMatchObject([
      { code: "chat-refused", hint: expect.stringContaining("Intents") },
      null,
    ]);
    await isServed(world);
    expect(world.server.connected).toBe(1);
  });

  test("a revoked token is told once, however often it is tried", async () => {
    const world = await connect();
    world.server.revokeToken();
    const attempts = () => world.server.calls.filter(({ route }) => route === "/gateway/bot").length;
    await world.server.when(() => attempts() > 3);
    expect(world.handler.troubles).toMatchObject([
      { code: "chat-refused", hint: expect.stringContaining("Reset Token") },
    ]);
  });
});

describe("close", () => {
  test("hangs up, and may be called again", async () => {
    const world = await connect();
    await world.chat.close();
    await world.chat.close();
    await world.server.when(() => world.server.connected === 0);
  });

  test("leaves no connection behind while the gateway is away", async () => {
    const server = await openServer();
    const world = await prepare({}, server);
    await world.chat.open(world.handler);
    await server.down("503");
    await world.chat.close();
    await server.up();
    const other = await prepare({}, server);
    await other.chat.open(other.handler);
    await isServed(other);
    expect(server.connected).toBe(1);
  });
});
