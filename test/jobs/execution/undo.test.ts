import { describe, expect, it } from "vitest";
import { OpsError } from "../../../src/core/errors.ts";
import { type Operation, resume } from "../../../src/core/operation.ts";
import { runOperation } from "../../../src/jobs/execution/runner.ts";
import { defineOperation } from "../../../src/operations/definition.ts";
import { MemoryJournal, operationOf } from "./memory-journal.ts";
import { cancelled, later, nothing, operationThat, params, superseded, tools, undoThat } from "./runner-world.ts";

type Undo = Parameters<typeof undoThat>[0];

/** Fails at once, so that everything is about undoing it. */
const failing = (run: Undo, left: readonly string[] = []) =>
  defineOperation({
    ...operationThat(async () => {
      throw new OpsError({ code: "capacity", userMessage: "Full." });
    }),
    undo: undoThat(run, left),
  });

/** Removes when `remove` does not throw. */
const removing = (remove: (attempt: number) => void): Undo => {
  let attempts = 0;
  return async ({ step }) => {
    await step("remove", async () => {
      attempts += 1;
      remove(attempts);
      return null;
    });
    return nothing;
  };
};

const run = (definition: ReturnType<typeof failing>, operation: Operation, journal = new MemoryJournal()) =>
  runOperation(definition, operation, journal, tools());

describe("undoing", () => {
  it("is tried again while what it needs is away, and is on record with its steps", async () => {
    const journal = new MemoryJournal();
    const definition = failing(
      removing((attempt) => {
        if (attempt < 4) throw later("503, hunter2-canary");
      }),
    );
    const ended = await run(definition, operationOf(definition, params), journal);
    expect(ended).toMatchObject({ state: "failed", failure: { code: "capacity", leftBehind: [] } });
    expect(ended.undo[0]).toMatchObject({ name: "remove", state: "done", attempts: 4 });
    expect(journal.saved.some(({ undo }) => undo[0]?.state === "running")).toBe(true);
    expect(JSON.stringify(journal.saved)).not.toContain("hunter2");
  });

  it.each([
    ["what it needs stays away for longer than its budget", () => later("The provider is away.")],
    ["it is refused", () => new OpsError({ code: "provider-failed", userMessage: "The host is protected." })],
  ])("is stuck when %s, says what is left and offers to go on", async (_when, problem) => {
    const definition = failing(
      removing(() => {
        throw problem();
      }),
      ["Host ada-1 may exist."],
    );
    const ended = await run(definition, operationOf(definition, params));
    expect(ended).toMatchObject({
      state: "stuck",
      failure: {
        code: "capacity",
        userMessage: "Full.",
        leftBehind: ["Host ada-1 may exist.", expect.stringContaining(problem().userMessage)],
        nextCommands: [`/retry operation:${ended.id}`, "/status agent:ada"],
      },
      undo: [{ name: "remove", state: "failed" }, { state: "pending" }],
    });
    expect(ended.endedAtMs).not.toBeNull();
  });

  it("goes on when it is resumed, with what it has not done yet", async () => {
    let isAway = true;
    const definition = failing(
      removing(() => {
        if (isAway) throw new OpsError({ code: "provider-failed", userMessage: "No." });
      }),
    );
    const stuck = await run(definition, operationOf(definition, params));
    isAway = false;
    const ended = await run(definition, resume(stuck, 0));
    expect(ended).toMatchObject({ state: "failed", failure: { code: "capacity", leftBehind: [] } });
    expect(ended.undo[0]?.state).toBe("done");
  });

  it("goes on where a worker died, also with a failure that it did not see itself", async () => {
    const seen: OpsError[] = [];
    const effects: string[] = [];
    const definition = failing(async ({ step }, error) => {
      seen.push(error);
      const effect = async (name: "remove" | "forget") =>
        step(name, async () => {
          effects.push(name);
          return null;
        });
      await effect("remove");
      await effect("forget");
      return nothing;
    });
    const dying = new MemoryJournal();
    dying.refuse = ({ undo }) => {
      if (undo[1]?.state === "done") throw new Error("crash");
    };
    await expect(run(definition, operationOf(definition, params), dying)).rejects.toThrow("crash");
    const record = dying.last();
    expect(record).toMatchObject({ state: "running", undo: [{ state: "done" }, { state: "running" }] });
    const ended = await run(definition, record);
    expect(ended.state).toBe("failed");
    expect(effects).toEqual(["remove", "forget", "forget"]);
    expect(seen.map(({ code }) => code)).toEqual(["capacity", "capacity"]);
  });

  it("is not stopped by a cancellation, which has been granted already", async () => {
    const journal = new MemoryJournal();
    const definition = failing(
      removing(() => {
        journal.abort(cancelled);
      }),
    );
    const ended = await run(definition, operationOf(definition, params), journal);
    expect(ended).toMatchObject({ state: "failed", undo: [{ state: "done" }, { state: "pending" }] });
  });

  it("stops at once when the claim is lost, also after a cancellation, and writes nothing more", async () => {
    const journal = new MemoryJournal();
    journal.abort(cancelled);
    const definition = failing(async ({ step }) => {
      await step("remove", () => {
        setImmediate(() => journal.abort(superseded));
        return new Promise(() => undefined);
      });
      return nothing;
    });
    await expect(run(definition, operationOf(definition, params), journal)).rejects.toBe(superseded);
    expect(journal.last()).toMatchObject({ state: "running", failure: { code: "cancelled" } });
  });
});

describe("an operation of an older version than this Creel knows", () => {
  const full = new OpsError({ code: "capacity", userMessage: "Full." });
  const older = defineOperation({
    ...operationThat(async ({ step }) => {
      await step("one", async () => ({ n: 1 }));
      await step("two", () => Promise.reject(full));
      return null;
    }),
    undo: undoThat(
      removing(() => {
        throw new OpsError({ code: "provider-failed", userMessage: "It refuses." });
      }),
      ["Host ada-1 may exist."],
    ),
  });
  const touched = () => Promise.reject(new Error("must not run"));
  const newer = defineOperation({ ...older, version: 2, run: touched, undo: { ...older.undo, run: touched } });
  const words = '"count" was asked for with version 1 of its steps; this Creel knows version 2.';

  it("that was under way is stuck, and what may exist is named", async () => {
    const dying = new MemoryJournal();
    dying.refuse = ({ steps }) => {
      if (steps[1]?.state === "running") throw new Error("crash");
    };
    await expect(run(older, operationOf(older, params), dying)).rejects.toThrow("crash");
    const ended = await run(newer, dying.last());
    expect(ended).toMatchObject({
      state: "stuck",
      failure: {
        ...{ code: "unknown-version", userMessage: words },
        hint: "Ask for it again: what this one has begun is put in order as well.",
        leftBehind: ["Host ada-1 may exist.", `Undoing it got no further: ${words}`],
        nextCommands: [`/retry operation:${ended.id}`, "/status agent:ada"],
      },
    });
  });

  it("that is stuck stays stuck for its own reason, also when its parameters do not fit, and goes on in the Creel that knows it", async () => {
    const stuck = await run(older, operationOf(older, params));
    for (const odd of [resume(stuck, 0), { ...resume(stuck, 0), params: { from: "one" } }]) {
      const still = await run(newer, odd);
      expect(still).toMatchObject({ state: "stuck", failure: { code: "capacity", userMessage: "Full." } });
      expect(still.failure?.leftBehind).toEqual(["Host ada-1 may exist.", `Undoing it got no further: ${words}`]);
      expect(resume(still, 0).state).toBe("queued");
    }
    const still = await run(newer, resume(stuck, 0));
    const repaired = defineOperation({ ...older, undo: undoThat(removing(() => undefined)) });
    expect(await run(repaired, resume(still, 0))).toMatchObject({ state: "failed", failure: { leftBehind: [] } });
  });

  it("that has begun nothing that has to be undone has failed", async () => {
    const undone = defineOperation({ ...newer, undo: { ...newer.undo, left: () => [] } });
    const ended = await run(undone, operationOf(older, params));
    expect(ended).toMatchObject({ state: "failed", failure: { code: "unknown-version", leftBehind: [] } });
    expect(ended.failure?.hint).toBe("Ask for it again.");
  });
});
