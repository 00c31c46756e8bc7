import { describe, expect, it } from "vitest";
import { z } from "zod";
import { OpsError } from "../../../src/core/errors.ts";
import { runOperation } from "../../../src/jobs/execution/runner.ts";
import { defineOperation } from "../../../src/operations/definition.ts";
import { MemoryJournal, operationOf } from "./memory-journal.ts";
import { cancelled, later, nothing, operationThat, params, stepOf, tools } from "./runner-world.ts";

/** An operation of one step. */
function only(step: { title: string; budgetMs: number }, fn: () => Promise<string>) {
  return defineOperation({
    ...{ kind: "only", version: 1, lane: async () => "here", params: z.object({ from: z.number() }) },
    steps: { only: { ...step, output: z.string() } },
    async run(context) {
      await context.step("only", fn);
      return null;
    },
    undo: { steps: {}, run: async () => nothing, left: () => [] },
  });
}

describe("a step that may work later", () => {
  it.each([
    [5_000, [200, 400, 800, 1_600], "5 s"],
    [4_999, [200, 400, 800, 1_600], "5 s"],
    [5_001, [200, 400, 800, 1_600, 2_000], "5 s"],
    [119_900, 62, "119.9 s"],
    [120_000, 62, "2 minutes"],
  ])("is tried again as long as its %i ms allow", async (budgetMs, waits, words) => {
    const definition = only({ title: "One", budgetMs }, () => Promise.reject(later("Not yet.")));
    const clock = tools();
    const { failure } = await runOperation(definition, operationOf(definition, params), new MemoryJournal(), clock);
    expect(typeof waits === "number" ? clock.slept.length : clock.slept).toEqual(waits);
    expect(failure).toMatchObject({
      code: "timed-out",
      userMessage: `"One" did not end within ${words}: Not yet.`,
      evidence: [],
    });
  });

  it("says why it is not done yet", async () => {
    const journal = new MemoryJournal();
    let attempts = 0;
    const definition = operationThat(async ({ step }) => {
      await step("one", async () => {
        attempts += 1;
        if (attempts === 1) throw later("Not yet: hunter2-canary");
        while (stepOf(journal.last(), "one").detail === null) await new Promise(setImmediate);
        return { n: 1 };
      });
      return null;
    });
    const ended = await runOperation(definition, operationOf(definition, params), journal, tools());
    const details = journal.saved.map((operation) => stepOf(operation, "one").detail);
    expect(details).toEqual([null, "Not yet: [redacted]", null]);
    expect(stepOf(ended, "one").attempts).toBe(2);
  });
});

describe("a step that hangs", () => {
  it("ends with its budget, and with nothing to show for it", async () => {
    const definition = only({ title: "One", budgetMs: 100 }, () => new Promise(() => undefined));
    const { failure } = await runOperation(definition, operationOf(definition, params), new MemoryJournal(), tools());
    expect(failure).toEqual({
      ...{ code: "timed-out", userMessage: '"One" did not end within 0.1 s.', hint: null, evidence: [] },
      ...nothing,
    });
  });
});

describe("the output of a step", () => {
  it.each([
    [16 * 1024, "succeeded"],
    [16 * 1024 + 1, "failed"],
  ])("of %i bytes makes it %s", async (bytes, state) => {
    const definition = only({ title: "One", budgetMs: 5_000 }, async () => "x".repeat(bytes - '""'.length));
    const ended = await runOperation(definition, operationOf(definition, params), new MemoryJournal(), tools());
    expect(ended.state).toBe(state);
  });
});

describe("what a step says", () => {
  it("too late is heard by nobody", async () => {
    const definition = operationThat(async ({ step }) => {
      let sayLate: (text: string) => void = () => undefined;
      await step("one", async ({ detail }) => {
        sayLate = detail;
        return { n: 1 };
      });
      await step("two", async () => {
        sayLate("late");
        throw new OpsError({ code: "capacity", userMessage: "Full." });
      });
      return null;
    });
    const ended = await runOperation(definition, operationOf(definition, params), new MemoryJournal(), tools());
    expect(ended.failure?.code).toBe("capacity");
    expect(ended.steps.map(({ detail }) => detail)).toEqual([null, null, null]);
  });

  it("of being stopped is heard by nobody", async () => {
    const journal = new MemoryJournal();
    const definition = operationThat(async ({ step }) => {
      await step("one", async ({ signal, detail }) => {
        signal.addEventListener("abort", () => detail("I was stopped"));
        journal.abort(cancelled);
        return new Promise(() => undefined);
      });
      return null;
    });
    const ended = await runOperation(definition, operationOf(definition, params), journal, tools());
    expect(ended.state).toBe("cancelled");
    expect(stepOf(ended, "one").detail).toBe(null);
  });
});
