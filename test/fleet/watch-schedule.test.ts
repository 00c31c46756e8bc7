import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type CareParts, lookRegularly, startCare } from "../../src/fleet/care.ts";
import type { FleetWatch } from "../../src/fleet/watch.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

beforeEach(() => {
  vi.useFakeTimers();
});
let close: () => void = () => undefined;
afterEach(() => {
  close();
  vi.useRealTimers();
});

/** Care from `start` on, an ISO time with its offset, and what it did, with the time in UTC. */
function caring(start: string, parts: Partial<CareParts> = {}) {
  vi.setSystemTime(new Date(start));
  const digests: string[] = [];
  const looks: string[] = [];
  const errors: unknown[] = [];
  const care = startCare({
    watch: { look: async () => void looks.push(new Date().toISOString()) },
    digest: async () => void digests.push(new Date().toISOString()),
    digestAt: "09:00",
    timeZone: "Europe/Berlin",
    onError: (error) => errors.push(error),
    ...parts,
  });
  close = () => care.close();
  return { digests, looks, errors, care };
}

it("gives the digest at that time of day where the owners live, also when clocks change", async () => {
  const { digests } = caring("2026-03-27T12:00:00+01:00", { digestAt: "18:30" });
  await vi.advanceTimersByTimeAsync(4 * 24 * HOUR);
  expect(digests).toEqual([
    "2026-03-27T17:30:00.000Z",
    "2026-03-28T17:30:00.000Z",
    // Summer time began that morning.
    "2026-03-29T16:30:00.000Z",
    "2026-03-30T16:30:00.000Z",
  ]);
});

it("gives one on a day that has no such time", async () => {
  const { digests } = caring("2026-03-28T12:00:00+01:00", { digestAt: "02:30" });
  await vi.advanceTimersByTimeAsync(42 * HOUR);
  expect(digests).toEqual([
    // For the 28th, at the start.
    "2026-03-28T11:00:00.000Z",
    // 02:00 became 03:00 at this moment.
    "2026-03-29T01:00:00.000Z",
    "2026-03-30T00:30:00.000Z",
  ]);
});

it("gives one on a day that has the time twice, and looks all the while", async () => {
  const { digests, looks } = caring("2026-10-25T00:00:00+02:00", { digestAt: "02:30" });
  await vi.advanceTimersByTimeAsync(5 * HOUR);
  expect(digests).toEqual(["2026-10-25T00:30:00.000Z"]);
  expect(looks).toHaveLength(60);
});

it("makes up at the start for what was missed today", async () => {
  const { digests } = caring("2026-06-10T09:01:00+02:00");
  await vi.advanceTimersByTimeAsync(HOUR);
  expect(digests).toEqual(["2026-06-10T07:01:00.000Z"]);
});

it("waits for the time when it is still to come", async () => {
  const { digests } = caring("2026-06-10T08:59:00+02:00");
  await vi.advanceTimersByTimeAsync(59_000);
  expect(digests).toEqual([]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(digests).toEqual(["2026-06-10T07:00:00.000Z"]);
});

it("makes up for a minute that the machine slept through", async () => {
  const { digests } = caring("2026-06-10T08:58:00+02:00");
  vi.setSystemTime(new Date("2026-06-10T11:13:00+02:00"));
  await vi.advanceTimersByTimeAsync(HOUR);
  expect(digests).toHaveLength(1);
});

it("tries a digest that failed again with the next look", async () => {
  let given = 0;
  const { errors } = caring("2026-06-10T09:01:00+02:00", {
    digest: async () => {
      given += 1;
      if (given === 1) throw new Error("The store is away.");
    },
  });
  await vi.advanceTimersByTimeAsync(HOUR);
  expect(given).toBe(2);
  expect(errors).toMatchObject([{ message: "The store is away." }]);
});

it("never looks while it looks, and goes on after errors", async () => {
  let looking = 0;
  let most = 0;
  let looks = 0;
  const { errors } = caring("2026-06-10T12:00:00Z", {
    everyMs: MINUTE,
    watch: {
      async look() {
        looking += 1;
        looks += 1;
        most = Math.max(most, looking);
        await new Promise((resolve) => setTimeout(resolve, 150_000));
        looking -= 1;
        throw new Error("Nothing to be seen.");
      },
    },
  });
  await vi.advanceTimersByTimeAsync(10 * MINUTE);
  expect({ most, looks }).toEqual({ most: 1, looks: 4 });
  expect(errors).toHaveLength(3);
});

it("a digest that hangs holds up no look", async () => {
  const { looks } = caring("2026-06-10T12:01:00Z", { digest: () => new Promise(() => undefined) });
  await vi.advanceTimersByTimeAsync(HOUR);
  expect(looks).toHaveLength(12);
});

it("stops for good", async () => {
  const { digests, looks, care } = caring("2026-06-10T08:58:00+02:00", { everyMs: 10_000 });
  await vi.advanceTimersByTimeAsync(30_000);
  expect(looks).toHaveLength(3);
  care.close();
  care.close();
  expect(vi.getTimerCount()).toBe(0);
  await vi.advanceTimersByTimeAsync(HOUR);
  expect(looks).toHaveLength(3);
  expect(digests).toEqual([]);
});

it.each([
  ["back by a day", "2026-06-10T11:58:00+02:00", "2026-06-09T08:30:00+02:00"],
  ["back from a year that is far away", "2106-02-07T08:58:00+01:00", "2026-06-10T08:30:00+02:00"],
  ["forward by decades", "1970-01-01T00:00:00Z", "2026-06-10T08:30:00+02:00"],
])("looks and gives the digest on time after the clock was set %s", async (_, before, after) => {
  const { digests, looks, errors } = caring(before);
  await vi.advanceTimersByTimeAsync(7 * MINUTE);
  vi.setSystemTime(new Date(after));
  looks.length = 0;
  digests.length = 0;
  await vi.advanceTimersByTimeAsync(HOUR);
  expect(looks).toHaveLength(12);
  expect(digests).toEqual([new Date(Date.parse(after) + 30 * MINUTE).toISOString()]);
  expect(errors).toEqual([]);
});

it("a clock that is set while it sleeps neither brings a digest early nor gives one twice", async () => {
  const { digests } = caring("2026-06-10T08:55:00+02:00");
  await vi.advanceTimersByTimeAsync(MINUTE);
  vi.setSystemTime(new Date("2026-06-10T06:00:00+02:00"));
  await vi.advanceTimersByTimeAsync(2 * HOUR);
  expect(digests).toEqual([]);
  await vi.advanceTimersByTimeAsync(HOUR);
  vi.setSystemTime(new Date("2026-06-10T08:00:00+02:00"));
  await vi.advanceTimersByTimeAsync(3 * HOUR);
  expect(digests).toEqual(["2026-06-10T07:00:00.000Z"]);
});

it("looks at once and then regularly, one look at a time, until it is stopped; one that hangs holds up no stop", async () => {
  const stop = new AbortController();
  const errors: unknown[] = [];
  let looks = 0;
  const watch: FleetWatch = {
    async look() {
      looks += 1;
      if (looks === 2) throw new Error("Nothing to be seen.");
      if (looks === 4) await new Promise(() => undefined);
    },
  };
  const watching = lookRegularly(watch, stop.signal, { everyMs: MINUTE, onError: (error) => void errors.push(error) });
  expect(looks).toBe(1);
  await vi.advanceTimersByTimeAsync(10 * MINUTE);
  expect({ looks, errors }).toMatchObject({ looks: 4, errors: [{ message: "Nothing to be seen." }] });
  stop.abort();
  await watching;
  expect(vi.getTimerCount()).toBe(0);
});
