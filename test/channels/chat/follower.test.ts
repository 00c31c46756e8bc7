import { afterEach, beforeEach, expect, test } from "vitest";
import { renderOutcome, renderProgressBriefly } from "../../../src/channels/render/operation.ts";
import { describeStep, start, startStep, succeed } from "../../../src/core/operation.ts";
import { type ChatWorld, createChatWorld, here, mo, startProcess, work } from "./world.ts";

let world: ChatWorld;
beforeEach(() => {
  world = createChatWorld();
});
afterEach(() => {
  expect(world.server.breaches).toEqual([]);
  expect(world.errors).toEqual([]);
});

async function record(id: string) {
  const operation = [...world.operations.all.values()].find((one) => one.id === id);
  if (operation === undefined) throw new Error(`no operation ${id}`);
  return operation;
}

test("shows an operation in one message, and its outcome in another that reaches who asked", async () => {
  const { follower } = startProcess(world);
  const operation = await world.ask();
  follower.follow(operation);
  await world.clock.advance(100);
  expect(world.server.messages(here)).toMatchObject([
    { notify: null, message: { title: "Asked for: deploying ada.", tone: "plain", blocks: [], actions: [] } },
  ]);
  await world.clock.advance(1_500);
  expect(world.server.messages(here)).toMatchObject([
    { notify: null, message: { title: "Deploying ada", actions: [{ label: "Cancel deploy of ada" }] } },
  ]);
  await work(world, operation, 1_000);
  await world.clock.advance(5_000);
  const [status, outcome, ...more] = world.server.messages(here);
  const ended = await record(operation.id);
  expect(more).toEqual([]);
  expect(status?.message).toMatchObject({ ...renderProgressBriefly(ended, 0), presses: [], actions: [] });
  expect(outcome).toMatchObject({ notify: mo, replyTo: status?.id, message: renderOutcome(ended) });
  expect(await world.operations.untold("discord")).toEqual([]);
  expect(await world.memory.get(`follow:${operation.id}`)).toBeNull();
});

test.each([0, 1, 100, 1_700, 4_000])(
  "a pressed message is the status message, also when a sweep came %i ms before",
  async (headStartMs) => {
    const { chat, follower } = startProcess(world);
    const operation = await world.ask();
    const question = { ...renderOutcome(operation), title: "Shall I?", presses: [], actions: [] };
    const pressed = await chat.post(here, question, { key: "question", notify: null, replyTo: null });
    await world.clock.advance(2_000);
    follower.follow(operation);
    if (headStartMs > 0) await world.clock.advance(headStartMs);
    follower.follow(operation, pressed);
    await world.clock.advance(10_000);
    expect(world.server.messages(here)).toMatchObject([{ id: pressed.id, message: { title: "Deploying ada" } }]);
    await work(world, operation, 1_000);
    await world.clock.advance(10_000);
    const [status, outcome, ...more] = world.server.messages(here);
    expect([status?.id, outcome?.replyTo, more]).toEqual([pressed.id, pressed.id, []]);
  },
);

test.each([21, 24, 27, 30, 33, 36])(
  "where redraws are rationed, the end after %i s does not wait for them",
  async (seconds) => {
    world = createChatWorld({ pace: { gapMs: 1_000, perMinute: 20 } });
    const { follower } = startProcess(world);
    const { id } = await world.ask();
    follower.follow(await record(id));
    for (let second = 0; second < seconds; second += 1) {
      world.operations.change(id, (operation) => describeStep(operation, "step-0", `${second} of ${seconds} MB`));
      await world.clock.advance(1_000);
    }
    world.operations.change(id, (operation) => succeed(operation, null, world.clock.now()));
    await world.clock.advance(2_100);
    expect(world.server.messages(here)).toHaveLength(2);
  },
);

test("a deploy of 14 steps in 15 s costs at most eight edits", async () => {
  const { follower } = startProcess(world);
  const operation = await world.ask();
  follower.follow(operation);
  await work(world, operation, 15_000 / 14);
  await world.clock.advance(10_000);
  const edits = world.server.calls.filter(({ kind }) => kind === "edit").length;
  expect(edits).toBeGreaterThanOrEqual(6);
  expect(edits).toBeLessThanOrEqual(8);
  expect(world.server.calls.filter(({ kind }) => kind === "post")).toHaveLength(2);
});

test.each([2, -2])("a clock that is set by %i h in the middle holds up no redraw, thread or outcome", async (hours) => {
  const { follower } = startProcess(world);
  const { id } = await world.ask();
  follower.follow(await record(id));
  await world.clock.advance(2_000);
  world.operations.change(id, (operation) => start(operation, world.clock.now()));
  await world.clock.advance(3_000);
  world.clock.set(world.clock.now() + hours * 3_600_000);
  world.operations.change(id, (operation) => startStep(operation, "step-0", world.clock.now()));
  await world.clock.advance(3_000);
  const [status] = world.server.messages(here);
  expect(JSON.stringify(status?.message.blocks)).toContain('"mark":"running"');
  const drawn = status?.history.length ?? 0;
  // Seconds move although nothing else does, and ten seconds are worth a thread.
  await world.clock.advance(10_000);
  expect(status?.history.length).toBeGreaterThan(drawn);
  world.operations.change(id, (operation) => succeed(operation, null, world.clock.now()));
  await world.clock.advance(3_000);
  expect(await world.operations.untold("discord")).toEqual([]);
});
