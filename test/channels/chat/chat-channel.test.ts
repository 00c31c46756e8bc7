import { afterEach, beforeEach, expect, test } from "vitest";
import { commands } from "../../../commands/index.ts";
import { parseLine } from "../../../commands/parse.ts";
import { type ChatChannel, createChatChannel } from "../../../src/channels/chat/chat-channel.ts";
import type { ChannelMemory } from "../../../src/core/chat.ts";
import { OpsError } from "../../../src/core/errors.ts";
import { start, startStep, succeed } from "../../../src/core/operation.ts";
import { createDeskWorld, type DeskWorld, people } from "../../desk/world.ts";
import { unavailable } from "./memory-chat.ts";
import { createConversation, onTime } from "./people.ts";
import { alertsPlace, type ChatWorld, createChatWorld, here, mo } from "./world.ts";

let world: ChatWorld;
let desk: DeskWorld;
beforeEach(() => {
  world = createChatWorld();
  const owners = people({ discord: { users: [mo.user], roles: [] } });
  desk = createDeskWorld(world.clock.now, { authority: { owners } });
});
afterEach(() => {
  expect(world.server.breaches).toEqual([]);
  expect(world.errors).toEqual([]);
});

async function open(memory: ChannelMemory = world.memory) {
  const chat = world.server.connect();
  const channel = createChatChannel({
    ...{ chat, desk: desk.desk, commands, feed: desk.operations, memory, clock: world.clock, alerts: alertsPlace },
    elsewhere: () => [],
    onError: (error) => void world.errors.push(error),
    onTrouble: () => undefined,
  });
  await channel.open();
  const responder = createConversation().exchange();
  const type = (line: string) =>
    chat.handler().command({
      canPost: true,
      ...onTime,
      actor: mo,
      place: here,
      key: line,
      read: () => parseLine(line, commands),
      responder,
    });
  return { channel, type };
}

async function close(channel: ChatChannel, withinMs: number) {
  const closed = channel.close();
  await world.clock.advance(withinMs);
  await closed;
}

test("a command is followed from what was typed to its outcome", async () => {
  const { type, channel } = await open();
  await type("/deploy name:ada");
  await world.clock.advance(1_000);
  const { id } = await desk.operations.nextEnqueued();
  desk.operations.change(id, (operation) => succeed(operation, null, world.clock.now()));
  await world.clock.advance(5_000);
  expect(world.server.messages(here).map(({ message }) => message.title)).toEqual([
    "Deployed ada in 1.0 s.",
    "Deployed ada in 1.0 s.",
  ]);
  await close(channel, 0);
});

test("closing shows the latest, and the next process tells the outcome", async () => {
  const { type, channel } = await open();
  await type("/deploy name:ada");
  await world.clock.advance(1_000);
  const { id } = await desk.operations.nextEnqueued();
  desk.operations.change(id, (operation) => startStep(start(operation, 0), "create", world.clock.now()));
  await world.clock.advance(50);
  expect(JSON.stringify(world.server.messages(here)[0]?.message.blocks)).not.toContain('"mark":"running"');
  await close(channel, 2_000);
  const [status] = world.server.messages(here);
  expect(JSON.stringify(status?.message.blocks)).toContain('"mark":"running"');
  desk.operations.change(id, (operation) => succeed(operation, null, world.clock.now()));
  await world.clock.advance(60_000);
  expect(world.server.messages(here)).toHaveLength(1);
  await open();
  await world.clock.advance(5_000);
  expect(world.server.messages(here)).toHaveLength(2);
  expect(world.server.messages(here)[0]).toMatchObject({ id: status?.id, message: { actions: [] } });
});

test("closing takes five seconds at most, also while the chat is away", async () => {
  const { type, channel } = await open();
  world.server.down = unavailable();
  await type("/deploy name:ada");
  await world.clock.advance(60_000);
  await close(channel, 5_000);
  const calls = world.server.calls.length;
  await world.clock.advance(60_000);
  expect(world.server.calls).toHaveLength(calls);
});

test("a store that is away for a while delays, and loses nothing", async () => {
  let isAway = false;
  const orAway = <T>(call: () => Promise<T>): Promise<T> =>
    isAway
      ? Promise.reject(new OpsError({ code: "store-unavailable", userMessage: "Redis is away.", retry: "later" }))
      : call();
  const { memory } = world;
  const { type } = await open({
    get: (key) => orAway(() => memory.get(key)),
    put: (...given) => orAway(() => memory.put(...given)),
    names: (prefix) => orAway(() => memory.names(prefix)),
    remove: (key) => orAway(() => memory.remove(key)),
  });
  isAway = true;
  await type("/deploy name:ada");
  const { id } = await desk.operations.nextEnqueued();
  await world.clock.advance(60_000);
  expect(world.server.messages()).toEqual([]);
  isAway = false;
  desk.operations.change(id, (operation) => succeed(operation, null, world.clock.now()));
  await world.clock.advance(60_000);
  expect(world.server.messages(here)).toHaveLength(2);
  expect(await desk.operations.untold("discord")).toEqual([]);
});
