import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createOutbox, type Outbox } from "../../../src/channels/chat/outbox.ts";
import { createPresses } from "../../../src/channels/chat/presses.ts";
import { message } from "../../../src/channels/message.ts";
import { OpsError } from "../../../src/core/errors.ts";
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
  return (await sent).posted;
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
