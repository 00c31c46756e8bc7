import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { orAbort, settle, within } from "../../src/jobs/abort.ts";

const never = new Promise<never>(() => undefined);
const reason = new Error("stopped");

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("work that may be stopped", () => {
  test("gives what it gives, and leaves nothing at the signal", async () => {
    const { signal } = new AbortController();
    expect(await orAbort(Promise.resolve("done"), signal)).toBe("done");
    await expect(orAbort(Promise.reject(new Error("failed")), signal)).rejects.toThrow("failed");
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("ends with the signal's reason, before or while it goes on", async () => {
    const stop = new AbortController();
    const stopped = orAbort(never, stop.signal);
    stop.abort(reason);
    await expect(stopped).rejects.toBe(reason);
    await expect(orAbort(never, stop.signal)).rejects.toBe(reason);
    await expect(orAbort(Promise.resolve("done"), stop.signal)).rejects.toBe(reason);
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
  });
});

describe("waiting for all", () => {
  test("ends when all have ended, in whatever way", async () => {
    expect(await settle([Promise.resolve(1), Promise.reject(reason)], 1_000)).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("ends at its limit, too", async () => {
    const settled = settle([Promise.resolve(1), never], 1_000);
    await vi.advanceTimersByTimeAsync(999);
    expect(await Promise.race([settled, "waits"])).toBe("waits");
    await vi.advanceTimersByTimeAsync(1);
    expect(await settled).toBe(false);
  });
});

describe("work within a time", () => {
  test("gives what it gives, and leaves no timer", async () => {
    expect(
      await within(
        1_000,
        null,
        () => reason,
        async () => "done",
      ),
    ).toBe("done");
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is told when its time is over, and ends with that", async () => {
    const told: AbortSignal[] = [];
    const late = within(
      1_000,
      new AbortController().signal,
      () => reason,
      (signal) => {
        told.push(signal);
        return never;
      },
    );
    const ended = expect(late).rejects.toBe(reason);
    await vi.advanceTimersByTimeAsync(999);
    expect(told.map(({ aborted }) => aborted)).toEqual([false]);
    await vi.advanceTimersByTimeAsync(1);
    await ended;
    expect(told.map((signal) => signal.reason)).toEqual([reason]);
  });

  test("is told when everything around it stops", async () => {
    const outer = new AbortController();
    const stopped = within(
      1_000,
      outer.signal,
      () => new Error("late"),
      () => never,
    );
    outer.abort(reason);
    await expect(stopped).rejects.toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
  });
});
