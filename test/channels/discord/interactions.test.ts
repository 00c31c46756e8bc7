import { PermissionFlagsBits } from "discord.js";
import { expect, test } from "vitest";
import { readInteraction } from "../../../src/channels/discord/interaction.ts";
import type { Actor } from "../../../src/core/actor.ts";
import { button, chatMessage } from "./make.ts";
import { ada, bob, connect, nextCommand, nextPress } from "./world.ts";

test("a command tells who, where, and what was typed", async () => {
  const world = await connect();
  const event = nextCommand(world);
  const typed = world.server.run(ada, "logs", { agent: "ada", lines: 20 });
  const { actor, place, key, read, responder } = await event;
  expect(actor).toEqual({ channel: "discord", user: ada.id, roles: ada.roles, name: "Ada" });
  expect(place).toEqual({ channel: "discord", chat: world.server.channelId, topic: null });
  expect(key).toBe(typed.id);
  expect(read()).toEqual({ command: "logs", options: { agent: "ada", lines: "20" }, confirmation: null });
  await responder.answer(chatMessage());
});

test("a command in a thread is answered there, and asks for no thread below it", async () => {
  const world = await connect();
  const place = { channel: "discord" as const, chat: world.server.channelId, topic: null };
  const posted = await world.chat.post(place, chatMessage(), { key: null, notify: null, replyTo: null });
  const thread = await world.chat.thread(posted, "Deploy");
  if (thread === null) throw new Error("no thread");
  const event = nextCommand(world);
  const typed = world.server.run(bob, "status", {}, { channelId: thread.chat });
  const { place: there, responder } = await event;
  expect(there).toEqual(thread);
  const answered = await responder.answer(chatMessage({ title: "All well" }));
  expect(answered?.place).toEqual(thread);
  expect(await typed.answered).toMatchObject({ channelId: thread.chat, visibleTo: null });
  if (answered !== null) expect(await world.chat.thread(answered, "Deeper")).toBeNull();
});

test("a press tells which button of which message", async () => {
  const world = await connect();
  const place = { channel: "discord" as const, chat: world.server.channelId, topic: null };
  const shown = chatMessage({ actions: [button("Logs"), button("Destroy", "danger")], presses: ["c:/logs", "k:7"] });
  const posted = await world.chat.post(place, shown, { key: null, notify: null, replyTo: null });
  const event = nextPress(world);
  const [message] = world.server.messages();
  if (message === undefined) throw new Error("nothing was posted");
  const pressed = world.server.press(bob, message, "Destroy");
  const { actor, key, press, responder, ...rest } = await event;
  expect(actor).toMatchObject({ user: bob.id, roles: [] });
  expect({ key, press, posted: rest.posted }).toEqual({ key: pressed.id, press: "k:7", posted });
  await responder.accept(chatMessage());
});

test.each([
  ["may do all it needs", {}, { inChannel: true, inThread: true }],
  ["may not see the channel", { view: false }, { inChannel: false, inThread: false }],
  ["may not write there", { send: false }, { inChannel: false, inThread: true }],
  ["may not write in threads", { threads: false }, { inChannel: true, inThread: false }],
  ["may not show embeds", { embed: false }, { inChannel: false, inThread: false }],
])("tells whether it may post, when the bot %s", async (_title, permissions, expected) => {
  const world = await connect();
  const place = { channel: "discord" as const, chat: world.server.channelId, topic: null };
  const shown = chatMessage({ actions: [button("Logs")], presses: ["c:/logs"] });
  const posted = await world.chat.post(place, shown, { key: null, notify: null, replyTo: null });
  const thread = await world.chat.thread(posted, "Deploy");
  const [message] = world.server.messages();
  if (thread === null || message === undefined) throw new Error("nothing was posted");
  world.server.setPermissions(world.server.channelId, permissions);
  const canPostIn = async (channelId: string) => {
    const event = nextCommand(world);
    world.server.run(ada, "status", {}, { channelId });
    const { canPost, responder } = await event;
    await responder.answer(chatMessage({ private: true }));
    return canPost;
  };
  const inChannel = await canPostIn(world.server.channelId);
  expect({ inChannel, inThread: await canPostIn(thread.chat) }).toEqual(expected);
  const press = nextPress(world);
  world.server.press(ada, message, "Logs");
  const { canPost, responder } = await press;
  await responder.accept(chatMessage());
  expect(canPost).toBe(expected.inChannel);
});

test("administrators may post everywhere, and so may who Discord says nothing of", () => {
  const who = { user: { id: ada.id, username: "ada" } };
  const typed = {
    type: 2,
    id: "1",
    application_id: "2",
    token: "t",
    channel_id: "3",
    data: { name: "status" },
    ...who,
  };
  expect(readInteraction(typed)).toMatchObject({ canPost: true });
  const asked = (permissions: bigint) => readInteraction({ ...typed, app_permissions: String(permissions) });
  expect(asked(PermissionFlagsBits.Administrator)).toMatchObject({ canPost: true });
  expect(asked(0n)).toMatchObject({ canPost: false });
});

test("choices come from the handler, within Discord's limits", async () => {
  const world = await connect();
  const asked: [Actor, string, string, string][] = [];
  world.handler.complete = async (...what) => {
    asked.push(what);
    const many = Array.from({ length: 30 }, (_, index) => ({ value: `agent-${index}`, label: `agent-${index}` }));
    return [{ value: "ada", label: "x".repeat(300) }, { value: "b", label: "" }, { value: "", label: "none" }, ...many];
  };
  const choices = await world.server.autocomplete(ada, "logs", "agent", "a");
  expect(asked).toMatchObject([[{ user: ada.id, roles: ada.roles }, "logs", "agent", "a"]]);
  expect(choices).toHaveLength(25);
  expect(choices.slice(0, 3)).toEqual([
    { value: "ada", name: `${"x".repeat(99)}…` },
    { value: "b", name: "b" },
    { value: "agent-0", name: "agent-0" },
  ]);
});

test("choices that come too late are not sent", async () => {
  const world = await connect();
  world.handler.complete = async () => {
    world.clock.ms += 2_600;
    return [{ value: "ada", label: "ada" }];
  };
  world.server.autocomplete(ada, "logs", "agent", "a").catch(() => undefined);
  const event = nextCommand(world);
  world.server.run(ada, "status");
  await (await event).responder.answer(chatMessage());
  const callbacks = world.server.calls.filter(({ route }) => route.includes("callback"));
  expect(callbacks.map(({ body }) => body)).toMatchObject([{ type: 4 }]);
});

test("what Creel does not offer is left alone, and what cannot be read is known as that", () => {
  expect(readInteraction({ type: 6, id: "1" })).toBeNull();
  expect(readInteraction({ type: 2, id: "1" })).toBe("unreadable");
});

test("a handler that fails is told about and hurts nothing", async () => {
  const world = await connect();
  world.handler.complete = async () => {
    throw new Error("broken");
  };
  const given = world.server.autocomplete(ada, "logs", "agent", "a");
  given.catch(() => undefined);
  await expect.poll(() => world.errors).toHaveLength(1);
  const event = nextCommand(world);
  world.server.run(ada, "status");
  await (await event).responder.answer(chatMessage());
  world.handler.complete = async () => [];
});
