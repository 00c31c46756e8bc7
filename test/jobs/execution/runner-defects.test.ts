import { getEventListeners } from "node:events";
import { afterEach, describe, expect, it, vi } from "vitest";
import { OpsError } from "../../../src/core/errors.ts";
import { runOperation } from "../../../src/jobs/execution/runner.ts";
import { defineOperation } from "../../../src/operations/definition.ts";
import { MemoryJournal, operationOf } from "./memory-journal.ts";
import { type Context, cancelled, nothing, operationThat, params, stepOf, tools, undoThat } from "./runner-world.ts";

const full = new OpsError({ code: "capacity", userMessage: "Full." });

/** Ends when it is told to stop. */
const untilStopped = ({ signal }: { readonly signal: AbortSignal }) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(new Error("stopped"))));

async function endOf(run: (context: Context) => Promise<null>, journal = new MemoryJournal()) {
  const undone: OpsError[] = [];
  const definition = operationThat(run, undone);
  const ended = await runOperation(definition, operationOf(definition, params), journal, tools());
  return { ended, undone };
}

describe("a definition that is wrong", () => {
  it("in that it ends before its steps do fails, and its steps are stopped", async () => {
    const { ended, undone } = await endOf(async ({ step }) => {
      const begun = Promise.withResolvers<void>();
      void step("one", (context) => {
        begun.resolve();
        return untilStopped(context);
      }).catch(() => undefined);
      await begun.promise;
      return null;
    });
    expect(ended.failure).toMatchObject({ code: "internal", userMessage: expect.stringContaining("still running") });
    expect(undone).toHaveLength(1);
  });

  it("in that it names a step there is none of fails", async () => {
    const { ended } = await endOf(async ({ step }) => {
      await step("four" as "one", async () => ({ n: 1 }));
      return null;
    });
    expect(ended.failure).toMatchObject({ code: "internal", userMessage: '"count" has no step "four".' });
  });

  it("in that it goes on after a step has failed does nothing more", async () => {
    const effects: string[] = [];
    const { ended } = await endOf(async ({ step }) => {
      await step("one", () => Promise.reject(full)).catch(() => undefined);
      await step("two", async () => ({ n: effects.push("two") }));
      return null;
    });
    expect(ended.failure?.code).toBe("capacity");
    expect(effects).toEqual([]);
    expect(stepOf(ended, "two")).toMatchObject({ state: "pending", attempts: 0 });
  });
});

describe("a failure", () => {
  it("of a step that nobody waits for yet stops its siblings at once", async () => {
    const { ended } = await endOf(async ({ step }) => {
      const one = step("one", () => Promise.reject(full));
      await step("two", untilStopped);
      await one;
      return null;
    });
    expect(ended.failure?.code).toBe("capacity");
  });

  it("of the run itself stops its steps before it is undone", async () => {
    const journal = new MemoryJournal();
    const { ended, undone } = await endOf(async ({ step }) => {
      const begun = Promise.withResolvers<void>();
      void step("one", (context) => {
        begun.resolve();
        return untilStopped(context);
      }).catch(() => undefined);
      await begun.promise;
      throw full;
    }, journal);
    expect(undone).toEqual([full]);
    expect(stepOf(ended, "one").state).toBe("failed");
  });

  it("is on record while it is undone: whose step failed, and that others were only stopped", async () => {
    const journal = new MemoryJournal();
    const { ended } = await endOf(async ({ step }) => {
      const begun = Promise.withResolvers<void>();
      await Promise.all([
        step("one", (context) => {
          begun.resolve();
          return untilStopped(context);
        }),
        step("two", async () => {
          await begun.promise;
          throw full;
        }),
      ]);
      return null;
    }, journal);
    const undoing = journal.saved.find(({ failure, state }) => failure !== null && state === "running");
    expect(undoing?.steps.map(({ state }) => state)).toEqual(["failed", "failed", "pending"]);
    expect(undoing?.failure).toMatchObject(nothing);
    expect(ended.steps.map(({ state }) => state)).toEqual(["failed", "failed", "pending"]);
  });

  it("of the journal in the background stops what runs", async () => {
    const journal = new MemoryJournal();
    const broken = new Error("the machine is gone");
    journal.refuse = (operation) => {
      if (stepOf(operation, "one").state === "done") throw broken;
    };
    const running = endOf(async ({ step }) => {
      await Promise.all([step("two", untilStopped), step("one", async () => ({ n: 1 }))]);
      return null;
    }, journal);
    await expect(running).rejects.toBe(broken);
  });
});

describe("a record that does not fit", () => {
  it.each([
    ["another kind", { kind: "other" }, "unknown-version"],
    ["another version", { version: 2 }, "unknown-version"],
    ["other parameters", { params: { from: "one" } }, "internal"],
  ])("because it has %s touches nothing", async (_, fields, code) => {
    const undone: OpsError[] = [];
    const definition = operationThat(() => Promise.reject(new Error("must not run")), undone);
    const odd = { ...operationOf(definition, params), ...fields };
    const { failure } = await runOperation(definition, odd, new MemoryJournal(), tools());
    expect(failure).toMatchObject({ code, ...nothing });
    if (code === "internal") expect(failure?.userMessage).toContain('"count" does not fit its own version');
    expect(undone).toEqual([]);
  });
});

describe("undoing", () => {
  it("that fails is heard of, and names no agent when there is none", async () => {
    const heard: string[] = [];
    const definition = defineOperation({
      ...operationThat(() => Promise.reject(full)),
      undo: undoThat(() => Promise.reject(new OpsError({ code: "timed-out", userMessage: "Late." }))),
    });
    const operation = operationOf(definition, params, null);
    const hearing = tools({ report: ({ code }) => heard.push(code) });
    const { failure } = await runOperation(definition, operation, new MemoryJournal(), hearing);
    expect(failure?.nextCommands).toEqual([`/retry operation:${operation.id}`]);
    expect(heard).toEqual(["capacity", "timed-out"]);
  });
});

describe("the end", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("leaves nothing behind at the journal, and no timer", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const journal = new MemoryJournal();
    await endOf(async ({ step }) => {
      await step("one", async ({ detail }) => {
        detail("nearly");
        return { n: 1 };
      });
      return null;
    }, journal);
    for (const signal of [journal.lost, journal.cancelled]) expect(getEventListeners(signal, "abort")).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("before the beginning runs nothing at all", async () => {
    const journal = new MemoryJournal();
    journal.abort(cancelled);
    let runs = 0;
    const { ended } = await endOf(async () => {
      runs += 1;
      return null;
    }, journal);
    expect(ended.state).toBe("cancelled");
    expect(runs).toBe(0);
  });
});
