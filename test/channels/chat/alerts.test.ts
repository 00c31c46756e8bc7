import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startAlerts } from "../../../src/channels/chat/alerts.ts";
import { createOutbox, type Outbox } from "../../../src/channels/chat/outbox.ts";
import { createPresses } from "../../../src/channels/chat/presses.ts";
import type { Place } from "../../../src/core/chat.ts";
import type { Concern, Concerns } from "../../../src/core/concern.ts";
import { message } from "../../../src/core/message.ts";
import { parseAgentName } from "../../../src/core/names.ts";
import type { Sights } from "../../../src/core/sight.ts";
import { createMemoryLeases, createMemoryWatched, type LeaseMember, type MemoryLeases } from "../../memory-watched.ts";
import { type ChatServer, createChatServer, unavailable } from "./memory-chat.ts";
import { alertsPlace, type ChatWorld, createChatWorld } from "./world.ts";

const HOUR = 60 * 60_000;
const group: Place = { channel: "telegram", chat: "-100", topic: "5" };
const about = (name: string, severity: "person" | "note" = "person") => ({
  ...{ key: `agent:${name}`, severity, agent: parseAgentName(name) },
});
const down = (name = "ada", note = "Its host is away.") => ({ ...about(name), type: "silent" as const, note });
const strayed: Concern = { key: "old-image:local", severity: "note", type: "old-image", provider: "local", days: 41 };
const DOWN = "ada cannot be asked.";

let world: ChatWorld;
let telegram: ChatServer;
let leases: MemoryLeases;
let concerns: Concerns;
let sights: Sights;
let process: Process;
beforeEach(() => {
  world = createChatWorld();
  telegram = createChatServer(world.clock, { name: "telegram", pace: { gapMs: 1_000, perMinute: 20 } });
  leases = createMemoryLeases();
  ({ concerns, sights } = createMemoryWatched(leases));
  process = startProcess();
});
afterEach(() => {
  expect([...world.server.breaches, ...telegram.breaches]).toEqual([]);
});

interface Process {
  readonly member: LeaseMember;
  /** As by SIGKILL. */
  kill(): void;
}

/** A bot that has both chats, each with a place for alerts. */
function startProcess(): Process {
  const { memory, clock, errors } = world;
  const member = leases.join();
  const outboxes: Outbox[] = [];
  const alerts = [
    { server: world.server, place: alertsPlace },
    { server: telegram, place: group },
  ].map(({ server, place }) => {
    const outbox = createOutbox({ chat: server.connect(), presses: createPresses(memory), clock });
    outboxes.push(outbox);
    return startAlerts({
      ...{ target: { outbox, place }, concerns, sights, leases: member, memory, clock },
      timeZone: "Europe/Berlin",
      digest: async ({ agents }) => (agents.length === 0 ? message("All is well.", "good", []) : null),
      onError: (error) => void errors.push(error),
    });
  });
  return {
    member,
    kill() {
      member.die();
      for (const each of alerts) void each.close();
      for (const outbox of outboxes) outbox.stop();
    },
  };
}

const raise = async (concern: Concern) => {
  await concerns.raise(concern, null);
  await world.clock.advance(10_000);
};
const settle = async (key: string) => {
  await concerns.settle(key, null);
  await world.clock.advance(10_000);
};
const titles = (server: ChatServer) => server.messages().map(({ message: { title } }) => title);

describe("a concern", () => {
  test("that needs a person makes a sound everywhere", async () => {
    await raise(down());
    const shown = { aloud: true, message: { title: DOWN, tone: "bad" } };
    expect(world.server.messages()).toMatchObject([{ place: alertsPlace, ...shown }]);
    expect(telegram.messages()).toMatchObject([{ place: group, ...shown }]);
  });

  test("that is only good to know is quiet", async () => {
    await raise(strayed);
    for (const server of [world.server, telegram]) {
      expect(server.messages()).toHaveLength(1);
      expect(server.messages()[0]?.aloud).toBeUndefined();
    }
  });

  test("that stands is told once, however long it stands and however often Creel is started again", async () => {
    await raise(down());
    await world.clock.advance(30 * HOUR);
    process.kill();
    startProcess();
    await world.clock.advance(30 * HOUR);
    for (const server of [world.server, telegram]) expect(titles(server)).toEqual([DOWN]);
  });

  test("that stood before there was anybody to tell it is told", async () => {
    process.kill();
    await raise(down());
    expect(titles(world.server)).toEqual([]);
    startProcess();
    await world.clock.advance(10_000);
    expect(titles(world.server)).toEqual([DOWN]);
  });

  test("that is put otherwise changes its message, and one that has become worse makes a sound", async () => {
    await raise({ ...down(), severity: "note" });
    await raise({ ...down(), severity: "note", note: "It is slow." });
    expect(world.server.messages()).toMatchObject([{ message: { title: DOWN } }]);
    expect(JSON.stringify(world.server.messages())).toContain("It is slow.");
    await raise(down());
    expect(world.server.messages().map(({ aloud }) => aloud)).toEqual([undefined, true]);
  });

  test("about something else has a message of its own", async () => {
    await raise(down());
    await raise(down("bob"));
    expect(titles(world.server)).toEqual([DOWN, "bob cannot be asked."]);
  });

  test("whose message was deleted is not told again", async () => {
    await raise(down());
    world.server.delete(world.server.messages()[0]?.id ?? "");
    await raise({ ...down(), note: "It is slow." });
    expect(titles(world.server)).toEqual([]);
    expect(world.errors).toEqual([]);
  });

  test("that an older Creel has told is not told again, nor taken for over before anybody has looked", async () => {
    process.kill();
    const { memory, server } = world;
    const chat = server.connect();
    const options = { key: "old", notify: null, replyTo: null };
    const posted = await chat.post(alertsPlace, { ...message(DOWN, "bad", []), presses: [] }, options);
    const record = { severity: "person", title: DOWN, firstAtMs: 0, lastAtMs: 0, count: 3, posted };
    await memory.put("alert:discord:agent:ada", JSON.parse(JSON.stringify(record)), HOUR);
    await world.clock.advance(5_000);
    startProcess();
    await world.clock.advance(10_000);
    expect(titles(server)).toEqual([DOWN]);
    await raise(down());
    expect(titles(server)).toEqual([DOWN]);
    await settle("agent:ada");
    expect(titles(server)).toEqual([DOWN, "All right again."]);
  });
});

describe("what is all right again", () => {
  test("is shown, and told quietly to whom it had disturbed", async () => {
    await raise(down());
    await settle("agent:ada");
    const [settled, note, ...more] = world.server.messages();
    expect(more).toEqual([]);
    expect(settled?.message).toMatchObject({ title: DOWN, tone: "plain", actions: [] });
    expect(JSON.stringify(settled?.message.blocks)).toContain("It has been all right again since: ");
    expect(note).toMatchObject({ replyTo: settled?.id, message: { tone: "good" } });
    expect(note?.aloud).toBeUndefined();
    await raise(down());
    expect(world.server.messages()).toHaveLength(3);
  });

  test("is only shown when it was a note", async () => {
    await raise(strayed);
    await settle(strayed.key);
    expect(world.server.messages()).toMatchObject([{ message: { tone: "plain", actions: [] } }]);
  });

  test("is nothing when nothing was told", async () => {
    await settle("agent:ada");
    expect([...world.server.calls, ...telegram.calls]).toEqual([]);
  });

  test("and not any more by the time it is told, is told as both", async () => {
    await raise(down());
    process.kill();
    await settle("agent:ada");
    await raise(down());
    startProcess();
    await world.clock.advance(20_000);
    expect(titles(world.server)).toEqual([DOWN, "All right again.", DOWN]);
  });
});

describe("a chat that is away", () => {
  test("holds up no other, and hears of everything once", async () => {
    world.server.down = unavailable();
    for (const name of ["ada", "bob", "eve"]) await raise(down(name));
    await settle("agent:bob");
    expect(titles(telegram)).toHaveLength(4);
    world.server.down = null;
    await world.clock.advance(60_000);
    expect(titles(world.server)).toEqual([DOWN, "eve cannot be asked."]);
  });

  test("and lost its answer gets no second message after a restart", async () => {
    world.server.losesAnswers = 1;
    await concerns.raise(down(), null);
    await world.clock.advance(0);
    expect(titles(world.server)).toHaveLength(1);
    process.kill();
    await world.clock.advance(20_000);
    startProcess();
    await world.clock.advance(10_000);
    expect(titles(world.server)).toHaveLength(1);
  });

  test("hears nothing of what is over by then", async () => {
    world.server.down = unavailable();
    await raise(strayed);
    await raise(down());
    await settle("agent:ada");
    await settle(strayed.key);
    world.server.down = null;
    await world.clock.advance(120_000);
    expect(titles(world.server)).not.toContain(DOWN);
  });

  test("that does not let Creel in is reported once, and the other one is told, also when it is well again", async () => {
    world.server.forbid(alertsPlace);
    await raise(down());
    await raise(down("bob"));
    expect(world.errors).toMatchObject([{ code: "chat-forbidden" }]);
    const lost = "Alerts are not heard everywhere.";
    expect(titles(telegram)).toEqual([DOWN, lost, "bob cannot be asked."]);
    const told = telegram.messages().find(({ message: { title } }) => title === lost);
    expect(told).toMatchObject({ aloud: true });
    expect(JSON.stringify(told?.message.blocks)).toContain(JSON.stringify({ place: alertsPlace }));
    world.server.allow(alertsPlace);
    await world.clock.advance(120_000);
    expect(titles(world.server)).toEqual([DOWN, "bob cannot be asked."]);
    expect(titles(telegram).at(-1)).toBe("All right again.");
    expect(await concerns.all()).toHaveLength(2);
  });

  test("that does not take the bot is told in the others", async () => {
    const refused = { severity: "person", type: "chat-refused", chat: "telegram", hint: "Make a new one." } as const;
    await raise({ ...refused, key: "chat:telegram", userMessage: "Telegram refuses the bot's token." });
    expect(titles(world.server)).toEqual(["Telegram refuses the bot's token."]);
    expect(titles(telegram)).toEqual([]);
  });

  test("and does not accept one message is told all others", async () => {
    world.server.rejects = ({ title }) => title === DOWN;
    await raise(down());
    await raise(down("bob"));
    await world.clock.advance(HOUR);
    expect(titles(world.server)).toEqual(["bob cannot be asked."]);
    expect(world.errors).toMatchObject([{ code: "internal" }]);
  });
});

describe("processes that have the same place", () => {
  test("do not both tell it anything, and the other one goes on when one dies", async () => {
    startProcess();
    await raise(down());
    expect([titles(world.server), titles(telegram)]).toEqual([[DOWN], [DOWN]]);
    process.kill();
    await raise(down("bob"));
    await settle("agent:ada");
    for (const server of [world.server, telegram]) {
      expect(titles(server)).toEqual([DOWN, "bob cannot be asked.", "All right again."]);
    }
  });
});

describe("the digest", () => {
  const give = async (day: string) => {
    const member = leases.join();
    const stop = new AbortController();
    await member.keep(
      "watch:",
      async (held) => {
        await sights.putDigest({ day, atMs: world.clock.now(), agents: [], unreadable: [], images: [] }, held);
        stop.abort();
      },
      stop.signal,
    );
    await world.clock.advance(10_000);
  };
  const today = () => new Intl.DateTimeFormat("en-CA", { timeZone: "Europe/Berlin" }).format(world.clock.now());

  test("comes quietly, once a day in each place, also after a restart", async () => {
    await give(today());
    await give(today());
    process.kill();
    startProcess();
    await world.clock.advance(HOUR);
    expect(world.server.messages()).toMatchObject([{ message: { title: "All is well." } }]);
    expect(telegram.messages()).toHaveLength(1);
  });

  test("of another day is not told any more", async () => {
    process.kill();
    await give(today());
    await world.clock.advance(24 * HOUR);
    startProcess();
    await world.clock.advance(10_000);
    expect(titles(world.server)).toEqual([]);
    await give(today());
    expect(titles(world.server)).toEqual(["All is well."]);
  });
});
