import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Place } from "../../../src/core/chat.ts";
import { anyMessage } from "./any-message.ts";
import { button, chatMessage } from "./make.ts";
import { ada, connect, type DiscordWorld, openServer, prepare } from "./world.ts";

const placeOf = ({ server }: DiscordWorld, chat = server.channelId): Place => ({
  channel: "discord",
  chat,
  topic: null,
});
const plain = { key: null, notify: null, replyTo: null };
const adaActor = { channel: "discord", user: ada.id, roles: [], name: "Ada" } as const;
const firstOf = ({ server }: DiscordWorld) => {
  const [message] = server.messages();
  if (message === undefined) throw new Error("nothing was posted");
  return message;
};

describe("post", () => {
  test("shows a message with its buttons and bothers nobody", async () => {
    const world = await prepare();
    const message = chatMessage({ title: "@everyone", actions: [button("Logs")], presses: ["c:/logs agent:ada"] });
    const posted = await world.chat.post(placeOf(world), message, plain);
    expect(posted).toEqual({ place: placeOf(world), id: firstOf(world).id });
    expect(firstOf(world)).toMatchObject({ content: "`@everyone`", pings: [], embeds: [] });
    expect(firstOf(world).components[0]?.components[0]).toMatchObject({
      label: "Logs",
      custom_id: "c:/logs agent:ada",
    });
  });

  test("notifies one person and nobody else", async () => {
    const world = await prepare();
    world.server.say(ada, "hello");
    const asked = firstOf(world).id;
    await world.chat.post(placeOf(world), chatMessage({ title: `<@${ada.id}>` }), {
      ...plain,
      notify: adaActor,
      replyTo: asked,
    });
    const [, posted] = world.server.messages();
    expect(posted).toMatchObject({ pings: [`<@${ada.id}>`], replyTo: asked });
  });

  test("makes a sound for whoever is named, or when it is aloud", async () => {
    const world = await prepare();
    const silently = 1 << 12;
    for (const more of [{}, { aloud: true }, { notify: adaActor }]) {
      await world.chat.post(placeOf(world), chatMessage(), { ...plain, ...more });
    }
    expect(world.server.messages().map(({ flags }) => flags & silently)).toEqual([silently, 0, 0]);
  });

  test("with the same key makes one message, also when the first answer was lost", async () => {
    const world = await prepare();
    const options = { ...plain, key: "operation-1" };
    world.server.failNext({ method: "POST", route: "/channels/:id/messages", status: 502, afterwards: true });
    await expect(world.chat.post(placeOf(world), chatMessage(), options)).rejects.toMatchObject({
      code: "chat-unavailable",
    });
    const posted = await world.chat.post(placeOf(world), chatMessage(), options);
    expect(world.server.messages().map(({ id }) => id)).toEqual([posted.id]);
    await world.chat.post(placeOf(world), chatMessage(), { ...plain, key: "operation-2" });
    expect(world.server.messages()).toHaveLength(2);
  });

  test("is an ordinary message when what it answers is gone, or may not be read", async () => {
    const world = await prepare();
    const asked = world.server.say(ada, "hello");
    world.server.setPermissions(world.server.channelId, { history: false });
    await world.chat.post(placeOf(world), chatMessage(), { ...plain, replyTo: asked.id });
    world.server.setPermissions(world.server.channelId, { history: true });
    world.server.deleteMessage(asked.id);
    await world.chat.post(placeOf(world), chatMessage(), { ...plain, replyTo: asked.id });
    expect(world.server.messages().map(({ replyTo }) => replyTo)).toEqual([null, null]);
  });

  test("brings a file, and goes without where the bot may not attach one", async () => {
    const world = await prepare();
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index} ä`);
    const message = chatMessage({ blocks: [{ type: "log", lines }] });
    await world.chat.post(placeOf(world), message, plain);
    expect(firstOf(world).attachments).toMatchObject([{ name: "log.txt", text: `${lines.join("\n")}\n` }]);
    world.server.setPermissions(world.server.channelId, { attach: false });
    await world.chat.post(placeOf(world), message, plain);
    expect(world.server.messages()[1]?.attachments).toEqual([]);
  });

  test("takes any strings", async () => {
    const server = await openServer({ rateNow: freeTime() });
    await fc.assert(
      fc.asyncProperty(anyMessage, async (message) => {
        // A bot of its own each time, because the library counts 50 requests per second.
        const world = await prepare({}, server);
        const posted = await world.chat.post(placeOf(world), message, plain);
        const [seen] = world.server.messages();
        expect(seen).toMatchObject({ id: posted.id, pings: [] });
        await world.chat.remove(posted);
      }),
      { numRuns: 60 },
    );
    server.check();
  });
});

describe("edit and remove", () => {
  test("replace text, buttons and files", async () => {
    const world = await prepare();
    const lines = Array.from({ length: 100 }, () => "line");
    const before = chatMessage({ blocks: [{ type: "log", lines }], actions: [button("Logs")], presses: ["c"] });
    const posted = await world.chat.post(placeOf(world), before, plain);
    expect(await world.chat.edit(posted, chatMessage({ title: "After" }))).toBe("done");
    expect(firstOf(world)).toMatchObject({
      content: expect.stringContaining("After"),
      components: [],
      attachments: [],
      pings: [],
    });
    expect(await world.chat.edit(posted, chatMessage({ title: "After" }))).toBe("done");
  });

  test("tell a message that is gone", async () => {
    const world = await prepare();
    const posted = await world.chat.post(placeOf(world), chatMessage(), plain);
    await world.chat.remove(posted);
    expect(world.server.messages()).toEqual([]);
    expect(await world.chat.edit(posted, chatMessage())).toBe("gone");
    await world.chat.remove(posted);
  });

  test.each([400, 429] as const)("tell a message that is too old to be changed (%i)", async (status) => {
    const clock = { ms: Date.UTC(2026, 0, 1) };
    const server = await openServer({ now: () => clock.ms, oldEdits: { status, allowed: 1, perMs: 20_000 } });
    const world = await prepare({}, server, clock);
    const posted = await world.chat.post(placeOf(world), chatMessage(), plain);
    clock.ms += 61 * 60_000;
    expect(await world.chat.edit(posted, chatMessage({ title: "1" }))).toBe("done");
    expect(await world.chat.edit(posted, chatMessage({ title: "2" }))).toBe("frozen");
  });
});

describe("thread", () => {
  test("is made once, and holds messages", async () => {
    const world = await prepare();
    const posted = await world.chat.post(placeOf(world), chatMessage(), plain);
    const thread = await world.chat.thread(posted, `Deploy\n${"x".repeat(200)}`);
    expect(await world.chat.thread(posted, "Deploy")).toEqual(thread);
    if (thread === null) throw new Error("no thread");
    expect(world.server.channel(thread.chat)).toMatchObject({
      parentId: world.server.channelId,
      autoArchiveMinutes: 60,
    });
    const inside = await world.chat.post(thread, chatMessage(), plain);
    expect(await world.chat.thread(inside, "Deeper")).toBeNull();
    world.server.archiveThread(thread.chat);
    expect(await world.chat.edit(inside, chatMessage())).toBe("frozen");
    await world.chat.post(thread, chatMessage(), plain);
    expect(await world.chat.edit(inside, chatMessage())).toBe("done");
  });

  test("is not tried again for an hour where the bot may not make one", async () => {
    const world = await prepare();
    world.server.setPermissions(world.server.channelId, { threads: false });
    const posted = await world.chat.post(placeOf(world), chatMessage(), plain);
    expect(await world.chat.thread(posted, "Deploy")).toBeNull();
    world.server.setPermissions(world.server.channelId, { threads: true });
    expect(await world.chat.thread(posted, "Deploy")).toBeNull();
    world.clock.ms += 60 * 60_000;
    expect(await world.chat.thread(posted, "Deploy")).not.toBeNull();
  });
});

describe("errors", () => {
  test("a place the bot may not write to, or that is gone", async () => {
    const world = await prepare();
    const { server, chat } = world;
    server.setPermissions(server.channelId, { send: false });
    await expect(chat.post(placeOf(world), chatMessage(), plain)).rejects.toMatchObject({
      code: "chat-forbidden",
      retry: "never",
    });
    const gone = placeOf(world, server.addChannel("brief"));
    server.removeChannel(gone.chat);
    await expect(chat.post(gone, chatMessage(), plain)).rejects.toMatchObject({ code: "chat-forbidden" });
    server.removeBotFromGuild();
    await expect(chat.post(placeOf(world), chatMessage(), plain)).rejects.toMatchObject({ code: "chat-forbidden" });
  });

  test("a limit, with how long to wait, and nothing is tried meanwhile", async () => {
    const world = await prepare();
    world.server.rateLimit("POST /channels/:id/messages", 7);
    const error: unknown = await world.chat
      .post(placeOf(world), chatMessage(), plain)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "chat-unavailable", retry: "later" });
    expect(error).toHaveProperty(
      "retryAfterMs",
      expect.toSatisfy((ms: number) => ms >= 6_900 && ms < 8_000),
    );
    expect(world.server.calls).toHaveLength(1);
  });

  test.each(["refused", "cut", "503"] as const)("a Discord that is away (%s)", async (outage) => {
    const world = await prepare();
    await world.server.down(outage);
    const error: unknown = await world.chat
      .post(placeOf(world), chatMessage(), plain)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "chat-unavailable", retry: "later", retryAfterMs: null });
    await world.server.up();
    await world.chat.post(placeOf(world), chatMessage(), plain);
  });

  test("a revoked token, told once", async () => {
    const world = await connect();
    world.server.revokeToken();
    const error: unknown = await world.chat
      .post(placeOf(world), chatMessage(), plain)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "chat-refused", userMessage: expect.stringContaining("token") });
    await expect(world.chat.post(placeOf(world), chatMessage(), plain)).rejects.toMatchObject({ code: "chat-refused" });
    expect(world.handler.troubles).toMatchObject([{ code: "chat-refused" }]);
  });

  test("an answer that is not Discord's", async () => {
    const world = await prepare();
    world.server.failNext({ status: 200, body: { page: "Welcome to the proxy" } });
    await expect(world.chat.post(placeOf(world), chatMessage(), plain)).rejects.toMatchObject({
      code: "chat-unavailable",
    });
  });

  test("never hold the token or the request", async () => {
    const world = await prepare();
    const { inspect } = await import("node:util");
    for (const status of [400, 401, 403, 404, 500]) {
      world.server.failNext({ status, body: { code: 50_001, message: "no" } });
      const error: unknown = await world.chat
        .post(placeOf(world), chatMessage({ title: "confidential" }), plain)
        .catch((reason: unknown) => reason);
      expect(error).toHaveProperty("code");
      const seen = inspect(error, { depth: 10, showHidden: true });
      expect(seen).not.toContain(world.server.token);
      expect(seen).not.toContain("confidential");
    }
  });
});

/** Rate limits never bite. */
function freeTime(): () => number {
  let ms = 0;
  return () => {
    ms += 10_000;
    return ms;
  };
}
