import { describe, expect, test } from "vitest";
import type { Message } from "../../fixtures/discord/types.ts";
import { button, chatMessage } from "./make.ts";
import { ada, connect, type DiscordWorld, nextCommand, nextPress } from "./world.ts";

const shown = chatMessage({ title: "Shown to all" });
const secret = chatMessage({ title: "Only for you", private: true });
const question = chatMessage({ title: "Really?", private: true, actions: [button("Yes")], presses: ["y:1"] });

async function run(world: DiscordWorld) {
  const event = nextCommand(world);
  const typed = world.server.run(ada, "status");
  return { typed, ...(await event) };
}

async function press(world: DiscordWorld, message: Message) {
  const event = nextPress(world);
  const [row] = message.components;
  const pressed = world.server.press(ada, message, row?.components[0]?.custom_id ?? "");
  return { pressed, ...(await event) };
}

/** A public message with a button. */
async function posted(world: DiscordWorld): Promise<Message> {
  const place = { channel: "discord" as const, chat: world.server.channelId, topic: null };
  const options = { key: null, notify: null, replyTo: null };
  await world.chat.post(place, chatMessage({ actions: [button("Retry")], presses: ["c:/status"] }), options);
  const message = world.server.messages().at(-1);
  if (message === undefined) throw new Error("nothing was posted");
  return message;
}

const titles = (world: DiscordWorld) =>
  world.server
    .messages()
    .map(({ content, visibleTo }) => [content.replace(/^.*?\*\*|\*\*$/g, ""), visibleTo === null ? "all" : "one"]);

describe("a command", () => {
  test("is answered at once, publicly or privately", async () => {
    const world = await connect();
    const first = await run(world);
    const publicly = await first.responder.answer(shown);
    expect(await first.typed.acknowledged).toMatchObject({ kind: "reply" });
    expect(publicly?.id).toBe((await first.typed.answered).id);
    const second = await run(world);
    const privately = await second.responder.answer(question);
    expect(await second.typed.answered).toMatchObject({ id: privately?.id, visibleTo: ada.id });
    expect(titles(world)).toEqual([
      ["Shown to all", "all"],
      ["Really?", "one"],
    ]);
  });

  test("a public answer can be edited afterwards, without the interaction", async () => {
    const world = await connect();
    const { responder } = await run(world);
    const answer = await responder.answer(shown);
    if (answer === null) throw new Error("no answer");
    world.clock.ms += 20 * 60_000;
    expect(await world.chat.edit(answer, chatMessage({ title: "Later" }))).toBe("done");
  });

  test("that takes long is answered after a sign, within 15 minutes", async () => {
    const world = await connect();
    const first = await run(world);
    await first.responder.wait();
    await first.responder.wait();
    expect(await first.typed.acknowledged).toMatchObject({ kind: "deferred reply" });
    world.clock.ms += 14 * 60_000;
    expect(await first.responder.answer(secret)).not.toBeNull();
    expect(await first.typed.answered).toMatchObject({
      visibleTo: ada.id,
      content: expect.stringContaining("Only for you"),
    });
    const second = await run(world);
    await second.responder.wait();
    world.clock.ms += 10_000;
    await second.responder.answer(shown);
    // The sign, which only one person saw, is gone.
    expect(titles(world)).toEqual([
      ["Only for you", "one"],
      ["Shown to all", "all"],
    ]);
  });

  test.each([2, -2])("that takes long is answered privately, also when the clock is set by %d hours", async (hours) => {
    let setByMs = 0;
    const world: DiscordWorld = await connect({ now: () => world.clock.ms + setByMs });
    const { responder, typed } = await run(world);
    await responder.wait();
    setByMs = hours * 3_600_000;
    expect(await responder.answer(secret)).not.toBeNull();
    expect(await typed.answered).toMatchObject({ visibleTo: ada.id });
  });

  test("that took longer is answered publicly by an ordinary message, and privately not at all", async () => {
    const world = await connect();
    const [first, second] = [await run(world), await run(world)];
    await Promise.all([first.responder.wait(), second.responder.wait()]);
    world.clock.ms += 16 * 60_000;
    expect(await first.responder.answer(secret)).toBeNull();
    expect(await second.responder.answer(shown)).not.toBeNull();
    expect(titles(world).at(-1)).toEqual(["Shown to all", "all"]);
  });

  test("whose first answer comes after 3 seconds is answered by ordinary messages, and what is secret stays it", async () => {
    const world = await connect();
    const [first, second] = [await run(world), await run(world)];
    world.clock.ms += 3_500;
    expect(await first.responder.answer(secret)).toBeNull();
    await second.responder.wait();
    expect(await second.responder.answer(shown)).not.toBeNull();
    expect(titles(world)).toEqual([
      ["My answer came too late to be shown to you alone.", "all"],
      ["Shown to all", "all"],
    ]);
    expect(world.server.messages()[0]?.pings).toEqual([`<@${ada.id}>`]);
    // It is this test that was late.
    world.server.takeViolation("10062");
    world.server.takeViolation("10062");
  });

  test("whose answer arrived although Discord's word of it was lost is not answered twice", async () => {
    const world = await connect();
    const { responder, typed } = await run(world);
    world.server.failNext({
      method: "POST",
      route: "/interactions/:id/:token/callback",
      status: 502,
      afterwards: true,
    });
    await expect(responder.wait()).rejects.toMatchObject({ code: "chat-unavailable" });
    expect(await responder.answer(secret)).not.toBeNull();
    expect(await typed.answered).toMatchObject({ content: expect.stringContaining("Only for you") });
    world.server.takeViolation("40060");
  });

  test("is accepted with a quiet word", async () => {
    const world = await connect();
    const [first, second] = [await run(world), await run(world)];
    await first.responder.accept(shown);
    await second.responder.wait();
    await second.responder.accept(shown);
    expect(titles(world)).toEqual([
      ["Shown to all", "one"],
      ["Shown to all", "one"],
    ]);
  });

  test("is answered privately where the bot may not write", async () => {
    const world = await connect();
    world.server.setPermissions(world.server.channelId, { send: false });
    const { responder, typed } = await run(world);
    await responder.wait();
    await responder.answer(shown);
    expect(await typed.answered).toMatchObject({ visibleTo: ada.id, content: expect.stringContaining("Shown to all") });
  });

  test("answers in the order they were asked for", async () => {
    const world = await connect();
    const { responder } = await run(world);
    await Promise.all([responder.wait(), responder.answer(secret)]);
    expect(titles(world)).toEqual([["Only for you", "one"]]);
  });
});

describe("a press", () => {
  test("replaces its message, at once or after a sign", async () => {
    const world = await connect();
    const message = await posted(world);
    await (await press(world, message)).responder.replace(question);
    const late = await press(world, message);
    await late.responder.wait();
    await late.responder.replace(shown);
    expect(message).toMatchObject({ content: expect.stringContaining("Shown to all"), components: [], edits: 2 });
    expect(titles(world)).toEqual([["Shown to all", "all"]]);
  });

  test("replaces a message that only one person sees", async () => {
    const world = await connect();
    for (const waits of [false, true]) {
      const { responder, typed } = await run(world);
      await responder.answer(question);
      const message = await typed.answered;
      const pressed = await press(world, message);
      if (waits) await pressed.responder.wait();
      await pressed.responder.replace(secret);
      expect(message).toMatchObject({
        content: expect.stringContaining("Only for you"),
        components: [],
        visibleTo: ada.id,
      });
    }
  });

  test("is answered beside its message, which stays", async () => {
    const world = await connect();
    const message = await posted(world);
    for (const waits of [false, true]) {
      const { responder } = await press(world, message);
      if (waits) await responder.wait();
      await responder.answer(secret);
    }
    const { responder } = await press(world, message);
    await responder.wait();
    await responder.answer(shown);
    expect(titles(world)).toEqual([
      ["Hello", "all"],
      ["Only for you", "one"],
      ["Only for you", "one"],
      ["Shown to all", "all"],
    ]);
  });

  test("of a message that only one person sees is answered beside it, too", async () => {
    const world = await connect();
    const { responder, typed } = await run(world);
    await responder.answer(question);
    const pressed = await press(world, await typed.answered);
    await pressed.responder.wait();
    expect(await pressed.responder.answer(secret)).not.toBeNull();
    expect(pressed.pressed.followUps()).toHaveLength(1);
    expect(titles(world)).toEqual([
      ["Really?", "one"],
      ["Only for you", "one"],
    ]);
  });

  test("that comes too late still replaces a message that all see", async () => {
    const world = await connect();
    const message = await posted(world);
    const { responder, pressed } = await press(world, message);
    await responder.wait();
    world.clock.ms += 16 * 60_000;
    await responder.replace(shown);
    expect(message.content).toContain("Shown to all");
    expect(await pressed.acknowledged).toMatchObject({ kind: "deferred reply" });
  });

  test("on a message that is gone by now does no harm", async () => {
    const world = await connect();
    const message = await posted(world);
    const { responder } = await press(world, message);
    await responder.wait();
    world.server.deleteMessage(message.id);
    await responder.replace(shown);
    expect(titles(world)).toEqual([]);
  });
});

describe("a pressed message loses its buttons and nothing else,", () => {
  test.each([false, true])("an ordinary one, and is answered (after a sign: %s)", async (waits) => {
    const world = await connect();
    const message = await posted(world);
    const { content } = message;
    const { pressed, responder } = await press(world, message);
    if (waits) await responder.wait();
    await responder.disarm();
    expect(await responder.answer(secret)).not.toBeNull();
    expect(await pressed.acknowledged).toBeDefined();
    const [carrier, answer] = world.server.messages();
    expect(carrier).toMatchObject({ id: message.id, content, components: [] });
    expect(answer).toMatchObject({ visibleTo: ada.id, content: expect.stringContaining("Only for you") });
  });

  test.each([false, true])("one that one person sees, and is answered (after a sign: %s)", async (waits) => {
    const world = await connect();
    const { typed, responder: asking } = await run(world);
    await asking.answer(question);
    const { pressed, responder } = await press(world, await typed.answered);
    if (waits) await responder.wait();
    await responder.disarm();
    await responder.answer(secret);
    expect(await pressed.acknowledged).toBeDefined();
    const [carrier, answer] = world.server.messages();
    expect(carrier).toMatchObject({ content: expect.stringContaining("Really?"), components: [] });
    expect(answer).toMatchObject({ visibleTo: ada.id, content: expect.stringContaining("Only for you") });
  });

  test("also one that is gone meanwhile, and a command has none", async () => {
    const world = await connect();
    const message = await posted(world);
    const { responder } = await press(world, message);
    await responder.accept(chatMessage());
    await world.chat.remove({
      place: { channel: "discord", chat: world.server.channelId, topic: null },
      id: message.id,
    });
    await responder.disarm();
    const command = await run(world);
    await command.responder.disarm();
    await command.responder.answer(secret);
  });
});
