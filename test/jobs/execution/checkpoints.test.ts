import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { OpsError } from "../../../src/core/errors.ts";
import { describeStep, type Operation, start, startStep } from "../../../src/core/operation.ts";
import { createCheckpoints } from "../../../src/jobs/execution/checkpoints.ts";
import { MemoryJournal, operationOf } from "./memory-journal.ts";
import { cancelled, operationThat, params, stepOf, superseded } from "./runner-world.ts";

const away = new OpsError({ code: "store-unavailable", userMessage: "Redis is away.", retry: "later" });
const operation = startStep(
  start(
    operationOf(
      operationThat(async () => null),
      params,
    ),
    1,
  ),
  "one",
  1,
);
const detail = (text: string) => (record: Operation) => describeStep(record, "one", text);

let journal: MemoryJournal;
let slept: number[];
let stopped: unknown[];
let checkpoints: ReturnType<typeof createCheckpoints>;
beforeEach(() => {
  journal = new MemoryJournal();
  slept = [];
  stopped = [];
  const sleep = async (ms: number) => void slept.push(ms);
  checkpoints = createCheckpoints(journal, operation, sleep, (error) => stopped.push(error));
});

const details = () => journal.saved.map((record) => stepOf(record, "one").detail);

test("the first record is saved, and nothing twice", async () => {
  await checkpoints.flush();
  await checkpoints.flush();
  expect(journal.saved).toEqual([operation]);
});

test("changes of one moment are one save", async () => {
  const both = [checkpoints.flush()];
  checkpoints.change(detail("a"));
  both.push(checkpoints.flush());
  await Promise.all(both);
  expect(details()).toEqual(["a"]);
});

describe("a journal that is away", () => {
  test("is tried again, ever more rarely up to every two seconds", async () => {
    let refusals = 0;
    journal.refuse = () => {
      if (++refusals <= 7) throw away;
    };
    await checkpoints.flush();
    expect(slept).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
    expect(journal.saved).toHaveLength(1);
    expect(stopped).toEqual([]);
  });

  test("is not waited for by who lost the claim", async () => {
    journal.refuse = () => {
      journal.abort(superseded);
      throw away;
    };
    await expect(checkpoints.flush()).rejects.toBe(superseded);
    expect(slept).toEqual([]);
    expect(stopped).toEqual([superseded]);
  });

  test("is waited for by who was cancelled: that has to be written down", async () => {
    journal.refuse = () => {
      if (slept.length > 0) return;
      journal.abort(cancelled);
      throw away;
    };
    await checkpoints.flush();
    expect(journal.saved).toHaveLength(1);
  });
});

test("a journal that refuses for good has refused for ever", async () => {
  const error = new Error("broken");
  journal.refuse = () => {
    throw error;
  };
  await expect(checkpoints.flush()).rejects.toBe(error);
  journal.refuse = () => undefined;
  checkpoints.change(detail("a"));
  await expect(checkpoints.flush()).rejects.toBe(error);
  expect(stopped).toEqual([error]);
  expect(journal.saved).toEqual([]);
});

describe("what is saved soon", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Lets `ms` pass, and what was saved meanwhile be done. */
  const pass = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    for (let i = 0; i < 10; i += 1) await new Promise(setImmediate);
  };
  const say = (text: string) => {
    checkpoints.change(detail(text));
    checkpoints.soon();
  };

  test("is saved at once, then every quarter of a second as it is by then", async () => {
    say("a");
    await pass(0);
    expect(details()).toEqual(["a"]);
    say("b");
    await pass(100);
    say("c");
    await pass(149);
    expect(details()).toEqual(["a"]);
    await pass(1);
    expect(details()).toEqual(["a", "c"]);
    await pass(1_000);
    say("d");
    await pass(0);
    expect(details()).toEqual(["a", "c", "d"]);
  });

  test("is dropped at the end", async () => {
    say("a");
    checkpoints.close();
    checkpoints.close();
    expect(vi.getTimerCount()).toBe(0);
    await pass(1_000);
    expect(details()).toEqual([]);
  });
});
