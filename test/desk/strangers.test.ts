import { describe, expect, test } from "vitest";
import type { Actor } from "../../src/core/actor.ts";
import type { AuditEvent } from "../../src/core/audit.ts";
import { createStrangers, type Strangers } from "../../src/desk/strangers.ts";
import { foldStrangers } from "../../src/questions/fold-strangers.ts";

const HOUR = 60 * 60_000;
const attempt = { subject: "status", agent: null, note: "This bot is private." };

function called(user: string): Actor {
  return { channel: "discord", user, roles: ["1"], name: `Name of ${user}` };
}

function createWorld() {
  const world = { nowMs: 10 * HOUR, setByMs: 0, events: [] as AuditEvent[], isStoreAway: false };
  const strangers: Strangers = createStrangers({
    now: () => world.nowMs + world.setByMs,
    elapsed: () => world.nowMs,
    append: async (event) => {
      if (world.isStoreAway) throw new Error("away");
      world.events.push(event);
    },
  });
  return { world, strangers };
}

describe("strangers", () => {
  test("are told at most once in an hour each", () => {
    const { world, strangers } = createWorld();
    expect(strangers.attempted(called("eve"), attempt)).toBe(true);
    world.nowMs += HOUR - 1;
    expect(strangers.attempted(called("eve"), attempt)).toBe(false);
    expect(strangers.attempted({ ...called("eve"), channel: "telegram" }, attempt)).toBe(true);
    expect(strangers.attempted(called("zoe"), attempt)).toBe(true);
    world.nowMs += 1;
    expect(strangers.attempted(called("eve"), attempt)).toBe(true);
    expect(strangers.attempted(called("zoe"), attempt)).toBe(false);
  });

  test.each([2 * HOUR, -2 * HOUR])("are told no more often when the clock is set by %d ms", (by) => {
    const { world, strangers } = createWorld();
    strangers.attempted(called("eve"), attempt);
    world.setByMs = by;
    expect(strangers.attempted(called("eve"), attempt)).toBe(false);
    world.nowMs += HOUR;
    expect(strangers.attempted(called("eve"), attempt)).toBe(true);
    expect(world.events.map(({ atMs }) => atMs)).toEqual([10 * HOUR, 10 * HOUR + by, 11 * HOUR + by]);
  });

  test("are told nothing once five hundred were, until the hour is over", () => {
    const { world, strangers } = createWorld();
    const told = Array.from({ length: 600 }, (_, i) => strangers.attempted(called(`eve-${i}`), attempt));
    expect(told.indexOf(false)).toBe(500);
    expect(told.lastIndexOf(true)).toBe(499);
    world.nowMs += HOUR;
    expect(strangers.attempted(called("eve-599"), attempt)).toBe(true);
  });

  test("are on record at once with their first attempt, and by number afterwards", async () => {
    const { world, strangers } = createWorld();
    strangers.attempted(called("eve"), attempt);
    const first = { ...attempt, actor: called("eve"), atMs: 10 * HOUR, what: "refused", operation: null, attempts: 1 };
    expect(world.events).toEqual([first]);
    world.nowMs += 5;
    strangers.attempted(called("eve"), attempt);
    strangers.attempted(called("eve"), { ...attempt, subject: "deploy" });
    expect(world.events).toHaveLength(1);
    await strangers.flush();
    expect(world.events).toEqual([first, { ...first, subject: "deploy", atMs: 10 * HOUR + 5, attempts: 2 }]);
    await strangers.flush();
    expect(world.events).toHaveLength(2);
  });

  test("begin anew on record with every hour", () => {
    const { world, strangers } = createWorld();
    for (const elapsedMs of [0, HOUR - 1, 1]) {
      world.nowMs += elapsedMs;
      strangers.attempted(called("eve"), attempt);
    }
    // The second one only counted; it is written down when the third begins an hour.
    expect(world.events.map(({ atMs }) => atMs - 10 * HOUR)).toEqual([0, HOUR - 1, HOUR]);
  });

  test("are named up to the twentieth; all others are on record together", async () => {
    const { world, strangers } = createWorld();
    for (let i = 1; i <= 25; i += 1) strangers.attempted(called(`eve-${i}`), attempt);
    strangers.attempted(called("eve-20"), attempt);
    await strangers.flush();
    expect(world.events.slice(0, 20).map(({ actor }) => actor)).toEqual(
      Array.from({ length: 20 }, (_, i) => called(`eve-${i + 1}`)),
    );
    const others = { channel: "discord", user: "", roles: [], name: "other strangers" };
    expect(world.events.slice(20).map(({ actor, attempts }) => ({ actor, attempts }))).toEqual([
      { actor: others, attempts: 1 },
      { actor: called("eve-20"), attempts: 1 },
      { actor: others, attempts: 4 },
    ]);
  });

  test("stay counted while the store is away", async () => {
    const { world, strangers } = createWorld();
    world.isStoreAway = true;
    strangers.attempted(called("eve"), attempt);
    strangers.attempted(called("eve"), attempt);
    await strangers.flush();
    world.isStoreAway = false;
    await strangers.flush();
    expect(world.events).toMatchObject([{ attempts: 2 }]);
  });
});

describe("a list of what happened", () => {
  const event: AuditEvent = {
    ...{ atMs: 0, actor: called("mo"), what: "requested", subject: "deploy" },
    ...{ agent: null, operation: null, note: null },
  };
  const by = (user: string, atMs: number, attempts?: number): AuditEvent => ({
    ...{ ...event, what: "refused", actor: called(user), atMs },
    ...(attempts === undefined ? {} : { attempts }),
  });
  const fold = (events: readonly AuditEvent[]) => foldStrangers(events, ({ what }) => what === "refused");

  test("has one line per stranger, the latest, among the others in their order", () => {
    const requested = { ...event, atMs: 5 };
    expect(fold([by("eve", 9, 4), requested, by("zoe", 4), by("eve", 3), by("zoe", 2, 2)])).toEqual([
      by("eve", 9, 5),
      requested,
      by("zoe", 4, 3),
    ]);
  });

  test("has three strangers by name and one line for all others", () => {
    const events = [by("a", 9), by("b", 8), by("c", 7), by("d", 6, 2), by("a", 5), by("e", 4), by("c", 3)];
    expect(fold(events)).toEqual([
      by("a", 9, 2),
      by("b", 8, 1),
      by("c", 7, 2),
      { ...by("d", 6, 3), actor: { ...called("d"), user: "", name: "other strangers" } },
    ]);
  });
});
