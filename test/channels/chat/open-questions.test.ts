import { afterEach, beforeEach, expect, test } from "vitest";
import { commands } from "../../../commands/index.ts";
import { parseLine } from "../../../commands/parse.ts";
import { type ChatChannel, createChatChannel } from "../../../src/channels/chat/chat-channel.ts";
import { succeed } from "../../../src/core/operation.ts";
import { agentCalled, createDeskWorld, type DeskWorld, people } from "../../desk/world.ts";
import { createConversation, onTime } from "./people.ts";
import { type ChatWorld, createChatWorld, here, mo } from "./world.ts";

const TWO_MINUTES = 2 * 60_000;

let world: ChatWorld;
let desk: DeskWorld;
beforeEach(async () => {
  world = createChatWorld();
  desk = createDeskWorld(world.clock.now, {
    elapsed: world.clock.elapsed,
    authority: { owners: people({ discord: { users: [mo.user], roles: [] } }) },
  });
  await desk.registry.put(agentCalled("ada"));
});
afterEach(() => {
  expect(world.server.breaches).toEqual([]);
  expect(world.errors).toEqual([]);
});

/** A process, in whose chat private answers are ordinary messages, as in a private chat of Telegram. */
async function open() {
  const chat = world.server.connect();
  const channel = createChatChannel({
    ...{ chat, desk: desk.desk, commands, feed: desk.operations, memory: world.memory, clock: world.clock },
    alerts: null,
    elsewhere: () => [],
    onError: (error) => void world.errors.push(error),
    onTrouble: () => undefined,
  });
  await channel.open();
  const ordinary = { key: null, notify: null, replyTo: null };
  const responder = {
    ...createConversation().exchange(),
    answer: (message: Parameters<typeof chat.post>[1]) => chat.post(here, { ...message, private: false }, ordinary),
  };
  const event = { canPost: true, ...onTime, actor: mo, responder };
  return {
    channel,
    ask: () =>
      chat
        .handler()
        .command({ ...event, place: here, key: "destroy", read: () => parseLine("/destroy ada", commands) }),
    press: (index: number, actor = mo) => {
      const posted = { place: here, id: question().id };
      const press = question().message.presses[index] ?? "";
      return chat.handler().press({ ...event, actor, posted, isOrdinary: true, key: "press", press });
    },
  };
}

async function close(channel: ChatChannel) {
  const closed = channel.close();
  await world.clock.advance(5_000);
  await closed;
}

function question() {
  const [found] = world.server.messages(here);
  if (found === undefined) throw new Error("nothing was asked");
  return found;
}

test("a question that nobody answers says so and loses its buttons", async () => {
  const { ask } = await open();
  await ask();
  await world.clock.advance(TWO_MINUTES - 1_000);
  expect(question().message.actions).toHaveLength(2);
  await world.clock.advance(5_000);
  expect(question().message).toMatchObject({ title: "Nobody answered. Nothing was done.", actions: [], presses: [] });
  expect(await world.memory.get("questions:discord")).toEqual([]);
});

test.each([3, -3])("two minutes are two minutes, also when the clock is set by %d hours", async (hours) => {
  const { ask, press } = await open();
  await ask();
  await world.clock.advance(1_000);
  world.clock.set(world.clock.now() + hours * 3_600_000);
  await world.clock.advance(TWO_MINUTES - 10_000);
  expect(question().message.actions).toHaveLength(2);
  await world.clock.advance(15_000);
  expect(question().message).toMatchObject({ title: "Nobody answered. Nothing was done.", actions: [] });
  world.server.delete(question().id);
  await ask();
  world.clock.set(world.clock.now() + hours * 3_600_000);
  await world.clock.advance(TWO_MINUTES - 5_000);
  await press(0);
  expect(await desk.operations.nextEnqueued()).toMatchObject({ kind: "destroy" });
});

test("also by a process that was started meanwhile, or afterwards", async () => {
  for (const awayMs of [10_000, 60 * 60_000 - TWO_MINUTES]) {
    const first = await open();
    await first.ask();
    await close(first.channel);
    await world.clock.advance(awayMs);
    const { channel } = await open();
    await world.clock.advance(TWO_MINUTES);
    expect(question().message).toMatchObject({ title: "Nobody answered. Nothing was done.", actions: [] });
    await close(channel);
    world.server.delete(question().id);
  }
});

test("the pressed question becomes the status message, and stays it", async () => {
  const { ask, press } = await open();
  await ask();
  await world.clock.advance(5_000);
  await press(0);
  await world.clock.advance(5_000);
  expect(world.server.messages()).toMatchObject([{ message: { title: "Removing ada" } }]);
  await world.clock.advance(TWO_MINUTES);
  expect(world.server.messages()).toMatchObject([{ message: { title: "Removing ada" } }]);
  const { id } = await desk.operations.nextEnqueued();
  desk.operations.change(id, (operation) => succeed(operation, null, world.clock.now()));
  await world.clock.advance(10_000);
  expect(world.server.messages().map(({ message }) => message.title)).toEqual([
    "Removed ada in 2 min 5 s.",
    "Removed ada in 2 min 5 s.",
  ]);
});

test("a refused answer leaves it open until its time is over", async () => {
  const { ask, press } = await open();
  await ask();
  await press(0, { ...mo, user: "222222222222222222" });
  await world.clock.advance(60_000);
  expect(question().message.actions).toHaveLength(2);
  await world.clock.advance(TWO_MINUTES);
  expect(question().message.title).toBe("Nobody answered. Nothing was done.");
  expect(desk.operations.all.size).toBe(0);
});

test("when Creel is killed over an answer, the question does not say that nothing was done", async () => {
  const first = await open();
  await first.ask();
  const { enqueue } = desk.operations;
  desk.operations.enqueue = async (asked) => {
    await enqueue.call(desk.operations, asked);
    return new Promise(() => undefined);
  };
  void first.press(0);
  await world.clock.advance(1_000);
  desk.operations.enqueue = enqueue;
  void first.channel.close();
  await world.clock.advance(10_000);
  await open();
  await world.clock.advance(TWO_MINUTES);
  expect(question().message).toMatchObject({ title: expect.stringMatching(/^This question is closed/), actions: [] });
});
