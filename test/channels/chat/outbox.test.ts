import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createOutbox, type Outbox } from "../../../src/channels/chat/outbox.ts";
import { createPresses } from "../../../src/channels/chat/presses.ts";
import { OpsError } from "../../../src/core/errors.ts";
import { message } from "../../../src/core/message.ts";
import { unavailable } from "./memory-chat.ts";
import { type ChatWorld, createChatWorld, here } from "./world.ts";

const quiet = { key: null, notify: null, replyTo: null };
const saying = (title: string) => () => message(title, "plain", []);
const soon = () => "soon" as const;

let world: ChatWorld;
let outbox: Outbox;
beforeEach(() => {
  world = createChatWorld({ pace: { gapMs: 1_000, perMinute: 20 } });
  outbox = openOutbox();
});
afterEach(() => {
  expect(world.server.breaches).toEqual([]);
});

function openOutbox(): Outbox {
  return createOutbox({ chat: world.server.connect(), presses: createPresses(world.memory), clock: world.clock });
}
const titles = () => world.server.messages(here).map((one) => one.message.title);
const kinds = () => world.server.calls.map(({ kind }) => kind);

async function posted(title: string) {
  const sent = outbox.post(here, saying(title), quiet);
  await world.clock.advance(1_500);
  return await sent;
}

test("messages keep their order and the pace", async () => {
  for (const title of ["one", "two", "three"]) void outbox.post(here, saying(title), quiet);
  await world.clock.advance(1_500);
  expect(titles()).toEqual(["one", "two"]);
  await world.clock.advance(1_000);
  expect(titles()).toEqual(["one", "two", "three"]);
});

test("places do not wait for each other", async () => {
  for (const chat of ["a", "b", "c"]) void outbox.post({ ...here, chat }, saying(chat), quiet);
  await world.clock.advance(0);
  expect(world.server.messages()).toHaveLength(3);
});

test("topics of one chat share its pace", async () => {
  for (const topic of ["1", "2"]) void outbox.post({ ...here, topic }, saying(topic), quiet);
  await world.clock.advance(500);
  expect(world.server.messages()).toHaveLength(1);
});

test("what is new goes before redraws, and a redraw that has become urgent goes before those that have not", async () => {
  const [first, second] = [await posted("first"), await posted("second")];
  let urgency: "now" | "soon" = "soon";
  void outbox.post(here, saying("third"), quiet);
  void outbox.edit(first, saying("first, redrawn"), soon);
  void outbox.edit(second, saying("second, redrawn"), () => urgency);
  void outbox.post(here, saying("fourth"), quiet);
  await world.clock.advance(500);
  expect(titles()).toEqual(["first", "second", "third"]);
  urgency = "now";
  outbox.reconsider(here);
  await world.clock.advance(1_500);
  expect(titles()).toEqual(["first", "second, redrawn", "third", "fourth"]);
  await world.clock.advance(1_000);
  expect(titles()).toEqual(["first, redrawn", "second, redrawn", "third", "fourth"]);
});

test("what would change nothing is not sent", async () => {
  const message = await posted("same");
  expect(await outbox.edit(message, saying("same"), soon)).toBe("done");
  expect(kinds()).toEqual(["post"]);
});

describe("a chat that is away", () => {
  test("gets what is the latest when it is back", async () => {
    const message = await posted("old");
    world.server.down = unavailable();
    let title = "newer";
    const edited = outbox.edit(message, () => saying(title)(), soon);
    await world.clock.advance(60_000);
    title = "newest";
    world.server.down = null;
    await world.clock.advance(31_000);
    expect(await edited).toBe("done");
    expect(world.server.messages(here)[0]?.history.map((one) => one.title)).toEqual(["old", "newest"]);
  });

  test("is asked ever less often, and again within 30 s", async () => {
    world.server.down = unavailable();
    void outbox.post(here, saying("patience"), quiet);
    await world.clock.advance(10 * 60_000);
    const times = world.server.calls.map(({ atMs }) => atMs);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(gaps.slice(0, 4)).toEqual([1_000, 1_000, 2_000, 4_000]);
    expect(Math.max(...gaps)).toBe(30_000);
  });

  test("is believed to be well once it has answered", async () => {
    world.server.down = unavailable();
    void outbox.post(here, saying("first"), quiet);
    await world.clock.advance(10 * 60_000);
    world.server.down = null;
    await world.clock.advance(30_000);
    world.server.down = unavailable();
    void outbox.post(here, saying("second"), quiet);
    await world.clock.advance(100);
    world.server.down = null;
    await world.clock.advance(2_000);
    expect(titles()).toEqual(["first", "second"]);
  });

  test("and asks to wait is left alone for just as long", async () => {
    world.server.limitFor(70_000);
    void outbox.post(here, saying("patience"), quiet);
    void outbox.post(here, saying("more"), quiet);
    await world.clock.advance(69_999);
    expect(world.server.calls).toHaveLength(1);
    await world.clock.advance(1_001);
    expect(titles()).toEqual(["patience", "more"]);
  });

  test("does not hold up the other places", async () => {
    world.server.limitFor(1);
    void outbox.post(here, saying("later"), quiet);
    await world.clock.advance(10);
    void outbox.post({ ...here, chat: "other" }, saying("now"), quiet);
    await world.clock.advance(10);
    expect(world.server.messages().map((one) => one.message.title)).toEqual(["now"]);
  });
});

test("what can never be said is refused, and the next is said", async () => {
  world.server.rejects = ({ title }) => title === "malformed";
  const refused = outbox.post(here, saying("malformed"), quiet).catch((error: unknown) => error);
  void outbox.post(here, saying("fine"), quiet);
  await world.clock.advance(5_000);
  expect(await refused).toMatchObject({ code: "internal" });
  expect(titles()).toEqual(["fine"]);
});

test("after stopping nothing waits, and nothing is taken", async () => {
  world.server.down = unavailable();
  const waiting = outbox.post(here, saying("late"), quiet).catch((error: unknown) => error);
  await world.clock.advance(100);
  outbox.stop();
  await world.clock.advance(0);
  expect(await waiting).toBeInstanceOf(OpsError);
  await expect(outbox.post(here, saying("later"), quiet)).rejects.toMatchObject({ code: "chat-unavailable" });
  await expect(outbox.remove({ place: { ...here, chat: "new" }, id: "1" })).rejects.toBeInstanceOf(OpsError);
  await outbox.drained();
});

describe("a chat that asks to wait with one kind of calls", () => {
  test("gives up a thread, and those that follow without asking", async () => {
    const first = await posted("first");
    world.server.limitFor(60_000, "thread");
    const threads = [1, 2, 3].map(() => outbox.thread(first, "Thread", () => true));
    const outcome = outbox.post(here, saying("outcome"), quiet);
    await world.clock.advance(3_000);
    await outcome;
    expect(await Promise.all(threads)).toEqual([null, null, null]);
    expect(kinds()).toEqual(["post", "thread", "post"]);
  });

  test("lets edits wait, while what is new is posted", async () => {
    const first = await posted("first");
    world.server.limitFor(60_000, "edit");
    const redrawn = outbox.edit(first, saying("redrawn"), () => "now");
    await world.clock.advance(1_500);
    void outbox.post(here, saying("outcome"), quiet);
    await world.clock.advance(1_500);
    expect(titles()).toEqual(["first", "outcome"]);
    await world.clock.advance(60_000);
    expect(await redrawn).toBe("done");
    expect(titles()).toEqual(["redrawn", "outcome"]);
  });

  test("is redrawn while posts wait, and is told as soon as they may", async () => {
    const first = await posted("first");
    world.server.limitFor(9_000, "post");
    void outbox.post(here, saying("outcome"), quiet);
    for (let second = 1; second < 9; second += 1) {
      void outbox.edit(first, saying(`drawn ${second}`), () => "now");
      await world.clock.advance(1_000);
    }
    expect(titles()).toHaveLength(1);
    expect(titles()[0]).toMatch(/drawn/);
    for (const _ of [1, 2, 3]) void outbox.edit(first, saying("drawn again"), () => "now");
    await world.clock.advance(2_000);
    expect(titles()).toContain("outcome");
  });
});

test("a clock that is set back or ahead changes no pace", async () => {
  await posted("before");
  for (const hours of [-2, 2]) {
    world.clock.set(world.clock.now() + hours * 60 * 60_000);
    const sent = outbox.post(here, saying(`${hours} hours`), quiet);
    await world.clock.advance(1_500);
    expect(titles()).toContain(`${hours} hours`);
    await sent;
  }
});
