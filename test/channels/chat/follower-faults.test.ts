import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createOutbox } from "../../../src/channels/chat/outbox.ts";
import { createPresses } from "../../../src/channels/chat/presses.ts";
import { renderOutcome, renderProgressBriefly } from "../../../src/channels/render/operation.ts";
import type { Place } from "../../../src/core/chat.ts";
import { OpsError } from "../../../src/core/errors.ts";
import { finishStep, type Operation, start, startStep, succeed } from "../../../src/core/operation.ts";
import { createChatServer, unavailable } from "./memory-chat.ts";
import { alertsPlace, type ChatWorld, createChatWorld, here, mo, type Process, startProcess, work } from "./world.ts";

const MINUTE = 60_000;

let world: ChatWorld;
let process: Process;
let operation: Operation;
beforeEach(async () => {
  world = createChatWorld();
  process = startProcess(world);
  operation = await world.ask();
  process.follower.follow(operation);
  await world.clock.advance(100);
});
afterEach(() => {
  expect(world.server.breaches).toEqual([]);
});

const change = (transition: (operation: Operation) => Operation) => world.operations.change(operation.id, transition);
const end = () => change((one) => succeed(one, null, world.clock.now()));
const current = async () => (await world.operations.get(operation.id)) ?? operation;
const titles = () => world.server.messages(here).map(({ message }) => message.title);

async function expectOutcome() {
  const { title } = renderOutcome(await current());
  const told = world.server.messages().filter(({ message, notify }) => message.title === title && notify !== null);
  expect(told).toHaveLength(1);
}

async function expectTold() {
  await expectOutcome();
  expect((await world.operations.untold("discord")).map(({ id }) => id)).not.toContain(operation.id);
}

async function stop() {
  const closed = process.follower.close();
  await world.clock.advance(5_000);
  await closed;
}

describe("a chat that is away", () => {
  test("for ten minutes gets the final state and the outcome when it is back", async () => {
    world.server.down = unavailable();
    await work(world, operation, 5_000);
    await world.clock.advance(10 * MINUTE);
    const callsMeanwhile = world.server.calls.length;
    // The redraw and the outcome each look whether the chat is back.
    expect(callsMeanwhile).toBeLessThan(60);
    expect(titles()).toEqual(["Asked for: deploying ada."]);
    world.server.down = null;
    await world.clock.advance(40_000);
    expect(world.server.messages(here)[0]?.message).toMatchObject({
      ...renderProgressBriefly(await current(), 0),
      actions: [],
    });
    await expectTold();
    // One edit for all that happened.
    expect(world.server.messages(here)[0]?.history).toHaveLength(2);
  });

  test("from the start gets the latest when it is back", async () => {
    world.server.down = unavailable();
    const second = await world.ask();
    process.follower.follow(second);
    await work(world, second, 1_000);
    await world.clock.advance(10 * MINUTE);
    world.server.down = null;
    await world.clock.advance(MINUTE);
    const told = world.server.messages(here).filter(({ aloud }) => aloud);
    expect(told.map(({ message }) => message.title)).toEqual([expect.stringMatching(/^Deployed ada in/)]);
    expect((await world.operations.untold("discord")).map(({ id }) => id)).toEqual([operation.id]);
  });

  test("that asks to wait is not called before", async () => {
    change((one) => start(one, world.clock.now()));
    world.server.limitFor(45_000);
    await work(world, operation, 1_000);
    await world.clock.advance(46_000);
    await world.clock.advance(10_000);
    await expectTold();
  });

  test("that loses answers gets no message twice", async () => {
    world.server.losesAnswers = 1;
    const second = await world.ask();
    process.follower.follow(second);
    await world.clock.advance(10_000);
    expect(titles()).toEqual(["Deploying ada", "Deploying ada"]);
    world.server.losesAnswers = 3;
    end();
    await world.clock.advance(MINUTE);
    await expectTold();
    expect(titles()).toHaveLength(3);
  });

  test("that refuses the bot itself is tried until its owner has repaired it", async () => {
    world.server.down = new OpsError({ code: "chat-refused", userMessage: "The token was revoked." });
    end();
    await world.clock.advance(30 * MINUTE);
    world.server.down = null;
    await world.clock.advance(MINUTE);
    await expectTold();
  });
});

describe("the status message", () => {
  const status = () => {
    const [found] = world.server.messages(here);
    if (found === undefined) throw new Error("there is no status message");
    return found;
  };

  test("that somebody deleted is posted anew", async () => {
    const { id } = status();
    world.server.delete(id);
    change((one) => start(one, world.clock.now()));
    await world.clock.advance(5_000);
    expect(titles()).toEqual(["Deploying ada"]);
    expect(status().id).not.toBe(id);
    end();
    await world.clock.advance(5_000);
    expect(status().message.actions).toEqual([]);
    await expectTold();
  });

  test("that somebody deleted at the end stays deleted", async () => {
    world.server.delete(status().id);
    end();
    await world.clock.advance(5_000);
    expect(titles()).toEqual([renderOutcome(await current()).title]);
    await expectTold();
  });

  test("is replaced by a fresh one before it is an hour old", async () => {
    const { id } = status();
    await world.clock.advance(50 * MINUTE);
    expect(status().id).toBe(id);
    await world.clock.advance(9 * MINUTE);
    expect(titles()).toEqual(["Deploying ada"]);
    expect(status().id).not.toBe(id);
    await world.clock.advance(60 * MINUTE);
    expect(titles()).toEqual(["Deploying ada"]);
    end();
    await world.clock.advance(5_000);
    await expectTold();
  });

  test("that froze while Creel was not there is replaced by a fresh one", async () => {
    const { id } = status();
    await stop();
    await world.clock.advance(3 * 60 * MINUTE);
    end();
    startProcess(world);
    await world.clock.advance(10_000);
    expect(world.server.messages(here)).toHaveLength(2);
    const fresh = world.server.messages(here).find(({ message }) => message.actions.length === 0);
    expect(fresh?.id).not.toBe(id);
    expect(fresh?.message.title).toBe(renderProgressBriefly(await current(), 0).title);
    await expectTold();
  });

  test("moves with time while nothing else does, every 5 s at first, then every 30 s", async () => {
    await world.clock.advance(10 * MINUTE);
    const edits = world.server.calls.filter(({ kind }) => kind === "edit").length;
    expect(edits).toBeGreaterThanOrEqual(36);
    expect(edits).toBeLessThanOrEqual(42);
    expect(status().message.blocks[0]).toMatchObject({
      type: "bar",
      note: expect.stringMatching(/^(9 min [345]|10 min)/),
    });
  });
});

describe("a place where the bot may not write any more", () => {
  test("falls silent, and the outcome is told among the alerts", async () => {
    world.server.forbid(here);
    await work(world, operation, 2_000);
    await world.clock.advance(MINUTE);
    expect(titles()).toEqual(["Asked for: deploying ada."]);
    // One redraw and one try to tell the outcome.
    expect(world.server.calls.filter(({ chat }) => chat === here.chat)).toHaveLength(3);
    const [told, ...more] = world.server.messages(alertsPlace);
    expect(more).toEqual([]);
    expect(told).toMatchObject({ notify: mo, message: { title: renderOutcome(await current()).title } });
    expect(told?.message.blocks[0]).toEqual({
      type: "text",
      text: ["Mo asked for this in the Discord channel ", { place: here }, ", where Creel may not write any more."],
    });
    expect(await world.operations.untold("discord")).toEqual([]);
    expect(world.errors).toEqual([]);
  });

  test("without a place for alerts the operator hears of it", async () => {
    await stop();
    startProcess(world, { alerts: null });
    world.server.forbid(here);
    end();
    await world.clock.advance(MINUTE);
    expect(world.errors).toMatchObject([{ code: "chat-forbidden", hint: expect.stringContaining("alerts.discord") }]);
    expect(await world.operations.untold("discord")).toEqual([]);
  });

  test("nor among its alerts: the outcome is told among those of another chat, with where it belongs", async () => {
    await stop();
    const telegram = createChatServer(world.clock, { name: "telegram" });
    const outbox = createOutbox({
      chat: telegram.connect(),
      presses: createPresses(world.memory),
      clock: world.clock,
    });
    const group: Place = { channel: "telegram", chat: "-100", topic: null };
    startProcess(world, { elsewhere: [{ outbox, place: group }] });
    for (const place of [here, alertsPlace]) world.server.forbid(place);
    end();
    await world.clock.advance(MINUTE);
    expect(telegram.messages()).toMatchObject([
      { place: group, notify: null, aloud: true, message: { title: renderOutcome(await current()).title } },
    ]);
    const [told] = telegram.messages();
    expect(JSON.stringify(told?.message.blocks)).toContain("Mo asked for this in the Discord channel ");
    expect(await world.operations.untold("discord")).toEqual([]);
    expect([...world.errors, ...telegram.breaches]).toEqual([]);
  });

  test("what a chat does not accept is reported, and told among the alerts if it is accepted there", async () => {
    world.server.rejects = ({ title, blocks }) => title.startsWith("Deployed") && blocks.length === 0;
    end();
    await world.clock.advance(MINUTE);
    expect(world.server.messages(alertsPlace)).toHaveLength(1);
    expect(world.errors).toMatchObject([{ code: "internal" }]);
    expect(await world.operations.untold("discord")).toEqual([]);
  });
});

describe("a chat that asks to wait with one kind of calls", () => {
  test.each([
    ["an edit", "edit" as const],
    ["a thread", "thread" as const],
    ["taking a message away", "remove" as const],
  ])("because of %s still hears the outcome at once", async (_what, kind) => {
    world = createChatWorld({ threads: true });
    process = startProcess(world);
    operation = await world.ask();
    process.follower.follow(operation);
    await world.clock.advance(100);
    world.server.limitFor(5 * MINUTE, kind);
    await work(world, operation, 1_500);
    await world.clock.advance(2_000);
    await expectOutcome();
    await world.clock.advance(6 * MINUTE);
    expect(world.server.messages(here)[0]?.message).toMatchObject({
      ...renderProgressBriefly(await current(), 0),
      actions: [],
    });
    await expectTold();
  });

  test("and is left meanwhile is not told twice, and the status message still ends", async () => {
    world.server.limitFor(20 * MINUTE, "edit");
    end();
    await world.clock.advance(5_000);
    await expectOutcome();
    const closed = process.follower.close();
    process.outbox.stop();
    await closed;
    // Longer than a chat remembers the keys of messages.
    await world.clock.advance(15 * MINUTE);
    process = startProcess(world);
    await world.clock.advance(10 * MINUTE);
    await expectTold();
    expect(world.server.messages(here)[0]?.message.actions).toEqual([]);
  });
});

test("an operation that runs for long gets a thread, where its outcome is told", async () => {
  world = createChatWorld({ threads: true });
  process = startProcess(world);
  operation = await world.ask();
  process.follower.follow(operation);
  await work(world, operation, 1_500);
  await world.clock.advance(10_000);
  const [status] = world.server.messages(here);
  expect(world.server.messages(here)).toHaveLength(1);
  const thread = { ...here, chat: `thread-${status?.id}` };
  expect(world.server.messages(thread)).toMatchObject([{ notify: mo, replyTo: null }]);
  // The name is still right when the deploy has ended.
  expect(world.server.threadTitles).toEqual(["Deploy of ada"]);
  expect(world.server.calls.filter(({ kind }) => kind === "thread")).toHaveLength(1);
});

test("an operation that ends before its thread can be opened gets none", async () => {
  world = createChatWorld({ threads: true });
  process = startProcess(world);
  operation = await world.ask();
  process.follower.follow(operation);
  change((one) => start(one, world.clock.now()));
  await world.clock.advance(9_000);
  world.server.down = unavailable();
  await world.clock.advance(MINUTE);
  end();
  const tries = world.server.calls.filter(({ kind }) => kind === "thread").length;
  expect(tries).toBeGreaterThan(0);
  world.server.down = null;
  await world.clock.advance(MINUTE);
  expect(world.server.calls.filter(({ kind }) => kind === "thread")).toHaveLength(tries);
  expect(world.server.messages(here)).toHaveLength(2);
});

test("a short operation gets no thread", async () => {
  world = createChatWorld({ threads: true });
  process = startProcess(world);
  operation = await world.ask();
  process.follower.follow(operation);
  await world.clock.advance(MINUTE);
  await work(world, operation, 500);
  await world.clock.advance(MINUTE);
  expect(world.server.calls.filter(({ kind }) => kind === "thread")).toEqual([]);
  expect(world.server.messages(here)).toHaveLength(2);
});

test("an operation that was told is not told again", async () => {
  end();
  // Later than a chat remembers the keys of messages.
  await world.clock.advance(10 * MINUTE);
  process.follower.follow(await current());
  startProcess(world).follower.follow(await current());
  await world.clock.advance(10 * MINUTE);
  expect(world.server.messages(here)).toHaveLength(2);
});

test("what nobody began to follow is found within a minute", async () => {
  const missed = await world.ask();
  await world.clock.advance(MINUTE + 5_000);
  expect(world.server.messages(here)).toHaveLength(2);
  change((one) => finishStep(startStep(one, "step-0", 0), "step-0", null, 0));
  world.operations.change(missed.id, (one) => succeed(one, null, world.clock.now()));
  await world.clock.advance(10_000);
  expect((await world.operations.untold("discord")).map(({ id }) => id)).toEqual([operation.id]);
});
