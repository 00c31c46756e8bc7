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
  world.server.messages().map(({ embeds, visibleTo }) => [embeds[0]?.title, visibleTo === null ? "all" : "one"]);

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
    expect(await first.typed.answered).toMatchObject({ visibleTo: ada.id, embeds: [{ title: "Only for you" }] });
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

  test("that took longer is answered publicly by an ordinary message, and privately not at all", async () => {
    const world = await connect();
    const [first, second] = [await run(world), await run(world)];
    await Promise.all([first.responder.wait(), second.responder.wait()]);
    world.clock.ms += 16 * 60_000;
    expect(await first.responder.answer(secret)).toBeNull();
    expect(await second.responder.answer(shown)).not.toBeNull();
    expect(titles(world).at(-1)).toEqual(["Shown to all", "all"]);
  });

  test("whose first answer comes after 3 seconds is answered likewise", async () => {
    const world = await connect();
    const [first, second] = [await run(world), await run(world)];
    world.clock.ms += 3_500;
    expect(await first.responder.answer(secret)).toBeNull();
    await second.responder.wait();
    expect(await second.responder.answer(shown)).not.toBeNull();
    expect(titles(world)).toEqual([["Shown to all", "all"]]);
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
    expect(await typed.answered).toMatchObject({ embeds: [{ title: "Only for you" }] });
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
    expect(await typed.answered).toMatchObject({ visibleTo: ada.id, embeds: [{ title: "Shown to all" }] });
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
    expect(message).toMatchObject({ embeds: [{ title: "Shown to all" }], components: [], edits: 2 });
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
      expect(message).toMatchObject({ embeds: [{ title: "Only for you" }], components: [], visibleTo: ada.id });
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
    expect(message.embeds[0]?.title).toBe("Shown to all");
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
