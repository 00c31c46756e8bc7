import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Alerts, createAlerts } from "../../../src/channels/chat/alerts.ts";
import { createOutbox, type Outbox } from "../../../src/channels/chat/outbox.ts";
import { createPresses } from "../../../src/channels/chat/presses.ts";
import { message } from "../../../src/channels/message.ts";
import type { Place } from "../../../src/core/chat.ts";
import { type ChatServer, createChatServer, unavailable } from "./memory-chat.ts";
import { alertsPlace, type ChatWorld, createChatWorld, mo } from "./world.ts";

const HOUR = 60 * 60_000;
const group: Place = { channel: "telegram", chat: "-100", topic: "5" };
const down = message("ada does not answer.", "bad", [{ type: "text", text: "Its host is switched off." }]);
const alert = { key: "agent:ada", severity: "person" as const, message: down };

let world: ChatWorld;
let telegram: ChatServer;
let alerts: Alerts;
let outboxes: Outbox[];
beforeEach(() => {
  world = createChatWorld();
  telegram = createChatServer(world.clock, { name: "telegram", pace: { gapMs: 1_000, perMinute: 20 } });
  alerts = openAlerts();
});
afterEach(() => {
  expect([...world.server.breaches, ...telegram.breaches]).toEqual([]);
});

function openAlerts(): Alerts {
  const { memory, clock, errors } = world;
  const presses = createPresses(memory);
  const [first, second] = [world.server, telegram].map((server) =>
    createOutbox({ chat: server.connect(), presses, clock }),
  );
  if (first === undefined || second === undefined) throw new Error("there are two chats");
  outboxes = [first, second];
  const targets = [
    { outbox: first, place: alertsPlace, notify: mo },
    { outbox: second, place: group, notify: null },
  ];
  const onError = (error: (typeof errors)[number]) => void errors.push(error);
  return createAlerts({ targets, memory, clock, timeZone: "Europe/Berlin", onError });
}

async function tell(times = 1, what: Parameters<Alerts["tell"]>[0] = alert) {
  for (let count = 0; count < times; count += 1) {
    const told = alerts.tell(what);
    await world.clock.advance(10_000);
    await told;
  }
}
const shown = (server: ChatServer) => server.messages().map((one) => one.message);
const lastLine = (server: ChatServer) => JSON.stringify(shown(server).at(-1)?.blocks.at(-1));

describe("an alert", () => {
  test("that needs a person makes a sound everywhere, naming the owner where one is known", async () => {
    await tell();
    expect(world.server.messages()).toMatchObject([{ place: alertsPlace, notify: mo, aloud: true, message: down }]);
    expect(telegram.messages()).toMatchObject([{ place: group, notify: null, aloud: true, message: down }]);
  });

  test("that is only good to know is quiet", async () => {
    await tell(1, { ...alert, severity: "note" });
    for (const server of [world.server, telegram]) {
      expect(server.messages()).toHaveLength(1);
      expect(server.messages()[0]).toMatchObject({ notify: null });
      expect(server.messages()[0]?.aloud).toBeUndefined();
    }
  });

  test("that repeats counts up in its message", async () => {
    await tell(4);
    for (const server of [world.server, telegram]) {
      expect(shown(server)).toHaveLength(1);
      expect(lastLine(server)).toContain("Seen 4 times so far, last at 2026-11-21 12:00 UTC.");
    }
  });

  test("that repeats after a restart counts up in the same message", async () => {
    await tell(2);
    alerts = openAlerts();
    await tell(1);
    expect(shown(world.server)).toHaveLength(1);
    expect(lastLine(world.server)).toContain("Seen 3 times");
  });

  test("that lasts is told anew after a day", async () => {
    await tell();
    await world.clock.advance(23 * HOUR);
    await tell();
    expect(shown(world.server)).toHaveLength(1);
    await world.clock.advance(HOUR);
    await tell();
    expect(shown(world.server)).toHaveLength(2);
    expect(shown(world.server)[1]).toMatchObject(down);
  });

  test("that becomes worse makes a sound", async () => {
    await tell(2, { ...alert, severity: "note" });
    await tell(2);
    expect(world.server.messages().map(({ notify }) => notify)).toEqual([null, mo]);
  });

  test("about something else has a message of its own", async () => {
    await tell();
    await tell(1, { ...alert, key: "agent:bob" });
    expect(shown(world.server)).toHaveLength(2);
  });

  test("whose message was deleted is not told twice a day", async () => {
    await tell();
    world.server.delete(world.server.messages()[0]?.id ?? "");
    await tell(3);
    expect(shown(world.server)).toEqual([]);
    expect(world.errors).toEqual([]);
  });
});

describe("what is all right again", () => {
  test("is shown, and told quietly to whom it had disturbed", async () => {
    await tell(2);
    const resolved = alerts.resolve(alert.key);
    await world.clock.advance(10_000);
    await resolved;
    const [settled, note, ...more] = world.server.messages();
    expect(more).toEqual([]);
    expect(settled?.message).toMatchObject({ title: down.title, tone: "plain", actions: [] });
    expect(JSON.stringify(settled?.message.blocks)).toContain("Seen 2 times; all right again since");
    expect(note).toMatchObject({ notify: null, replyTo: settled?.id, message: { tone: "good" } });
    expect(note?.aloud).toBeUndefined();
    await tell();
    expect(world.server.messages()).toHaveLength(3);
  });

  test("is only shown when it was a note", async () => {
    await tell(1, { ...alert, severity: "note" });
    const resolved = alerts.resolve(alert.key);
    await world.clock.advance(10_000);
    await resolved;
    expect(shown(world.server)).toMatchObject([{ title: down.title, tone: "plain" }]);
  });

  test("is nothing when nothing was told", async () => {
    await alerts.resolve("never heard of");
    expect([...world.server.calls, ...telegram.calls]).toEqual([]);
  });
});

describe("a chat that is away", () => {
  test("holds up no other, and hears of everything once", async () => {
    world.server.down = unavailable();
    const all = Array.from({ length: 30 }, () => alerts.tell(alert));
    await world.clock.advance(10_000);
    expect(shown(telegram)).toHaveLength(1);
    world.server.down = null;
    await world.clock.advance(60_000);
    await Promise.all(all);
    expect(shown(world.server)).toHaveLength(1);
    expect(world.server.messages()[0]?.history.length).toBeLessThan(4);
    expect(lastLine(world.server)).toContain("Seen 30 times");
    expect(lastLine(telegram)).toContain("Seen 30 times");
  });

  test("and lost its answer gets no second message after a restart", async () => {
    world.server.losesAnswers = 1;
    void alerts.tell(alert);
    await world.clock.advance(0);
    expect(shown(world.server)).toHaveLength(1);
    for (const outbox of outboxes) outbox.stop();
    await world.clock.advance(20_000);
    alerts = openAlerts();
    await tell();
    expect(shown(world.server)).toHaveLength(1);
  });

  test("hears in the end that what was all right is not any more", async () => {
    world.server.down = unavailable();
    void alerts.tell(alert);
    await world.clock.advance(1_000);
    void alerts.tell(alert);
    void alerts.resolve(alert.key);
    await world.clock.advance(60_000);
    void alerts.tell(alert);
    await world.clock.advance(60_000);
    world.server.down = null;
    await world.clock.advance(60_000);
    expect(shown(world.server).at(-1)).toMatchObject(down);
    expect(lastLine(telegram)).not.toContain("Seen");
  });

  test("that does not let Creel in is reported", async () => {
    world.server.forbid(alertsPlace);
    await tell();
    expect(world.errors).toMatchObject([{ code: "chat-forbidden" }]);
    expect(shown(telegram)).toHaveLength(1);
  });
});

describe("the digest", () => {
  const digest = message("All is well.", "good", []);
  const post = async () => {
    const posted = alerts.digest(digest);
    await world.clock.advance(10_000);
    await posted;
  };

  test("comes quietly, once a day, also after a restart", async () => {
    await post();
    await post();
    alerts = openAlerts();
    await post();
    expect(world.server.messages()).toMatchObject([{ notify: null, message: digest }]);
    expect(telegram.messages()).toHaveLength(1);
  });

  test("counts days where the owners live", async () => {
    await post();
    // 12:00 in London is 13:00 in Berlin: eleven hours later the next day has begun there.
    await world.clock.advance(10.9 * HOUR);
    await post();
    expect(world.server.messages()).toHaveLength(1);
    await world.clock.advance(0.2 * HOUR);
    await post();
    expect(world.server.messages()).toHaveLength(2);
  });
});
