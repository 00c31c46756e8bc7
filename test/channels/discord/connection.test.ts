import { describe, expect, test } from "vitest";
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
    await world.server.up();
    await opening;
    await isServed(world);
  });

  test("waits for a gateway that is away", async () => {
    const world = await prepare();
    world.server.failNext({ route: "/gateway/bot", status: 500, times: 3 });
    await world.chat.open(world.handler);
    await isServed(world);
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
    // Discord may say so just before or just after the bot is ready.
    expect(error ?? world.handler.troubles[0]).toMatchObject({ code: "chat-refused" });
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
