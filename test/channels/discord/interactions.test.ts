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

test("what Creel does not offer is left alone, and what cannot be read is told about", () => {
  expect(readInteraction({ type: 5, id: "1" })).toBeNull();
  expect(() => readInteraction({ type: 2, id: "1" })).toThrow("cannot be read");
});

test("a handler that fails is told about and hurts nothing", async () => {
  const world = await connect();
  world.handler.complete = async () => {
    throw new Error("broken");
  };
  const given = world.server.autocomplete(ada, "logs", "agent", "a");
  given.catch(() => undefined);
  await expect.poll(() => world.errors, { timeout: 10_000 }).toHaveLength(1);
  const event = nextCommand(world);
  world.server.run(ada, "status");
  await (await event).responder.answer(chatMessage());
  world.handler.complete = async () => [];
});
