import fc from "fast-check";
import { expect, it } from "vitest";
import { z } from "zod";
import { OpsError } from "../../../src/core/errors.ts";
import { isEnded, type Operation } from "../../../src/core/operation.ts";
import { runOperation } from "../../../src/jobs/execution/runner.ts";
import { defineOperation, defineUndo } from "../../../src/operations/definition.ts";
import { MemoryJournal, operationOf } from "./memory-journal.ts";

type Fate = "works" | "fails" | "works at the third attempt";

const names = ["one", "two", "three"] as const;
const step = { title: "A step", budgetMs: 60_000, output: z.string() };

/** Runs as the plan says; two and three at once if `overlap`. Counts what each step has done. */
function planned(fates: readonly Fate[], overlap: boolean, effects: string[]) {
  const attempts = new Map<string, number>();
  const fateOf = (name: (typeof names)[number]) => fates[names.indexOf(name)];
  async function effect(name: (typeof names)[number]): Promise<string> {
    const attempt = (attempts.get(name) ?? 0) + 1;
    attempts.set(name, attempt);
    if (fateOf(name) === "fails") throw new OpsError({ code: "provider-failed", userMessage: `${name} failed` });
    if (fateOf(name) === "works at the third attempt" && attempt < 3) {
      throw new OpsError({ code: "host-unreachable", userMessage: "not yet", retry: "later" });
    }
    effects.push(name);
    return name;
  }
  return defineOperation({
    kind: "planned",
    version: 1,
    lane: async () => "here",
    params: z.null(),
    steps: { one: step, two: step, three: step },
    async run(context) {
      await context.step("one", () => effect("one"));
      const two = () => context.step("two", () => effect("two"));
      const three = () => context.step("three", () => effect("three"));
      if (overlap) await Promise.all([two(), three()]);
      else {
        await two();
        await three();
      }
      return null;
    },
    undo: defineUndo({
      steps: { undo: { title: "Undo", budgetMs: 1000, output: z.null() } },
      async run({ step }) {
        await step("undo", async () => {
          effects.push("undo");
          return null;
        });
        return { leftBehind: [], nextCommands: [] };
      },
      left: () => [],
    }),
  });
}

/** Each worker dies when it has saved as often as the list says, the last one never. Returns all that was saved. */
async function runThroughCrashes(definition: ReturnType<typeof planned>, effects: string[], crashAfterSaves: number[]) {
  let record: Operation = operationOf(definition, null);
  const saved: Operation[] = [];
  for (const limit of [...crashAfterSaves, Number.POSITIVE_INFINITY]) {
    const journal = new MemoryJournal();
    journal.refuse = () => {
      if (journal.saved.length === limit) throw new Error("crash");
    };
    const done = [...record.steps, ...record.undo].filter(({ state }) => state === "done").map(({ name }) => name);
    const effectsBefore = effects.length;
    const tools = {
      now: () => 0,
      elapsed: () => 0,
      redact: (text: string) => text,
      sleep: async () => undefined,
      settleMs: 50,
    };
    const error = await runOperation(definition, record, journal, tools).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (error !== null) expect(error).toMatchObject({ message: "crash" });
    expect(effects.slice(effectsBefore).filter((name) => done.includes(name))).toEqual([]);
    saved.push(...journal.saved);
    record = journal.saved.at(-1) ?? record;
    if (isEnded(record)) break;
  }
  return saved;
}

/** A done step stays done, an end is the last thing written, a failure is never taken back. */
function expectForwards(before: Operation, after: Operation): void {
  expect(isEnded(before)).toBe(false);
  if (before.failure) expect(after.failure?.code).toBe(before.failure.code);
  const done = [...before.steps, ...before.undo].filter(({ state }) => state === "done").map(({ name }) => name);
  expect([...after.steps, ...after.undo].filter(({ state }) => state === "done").map(({ name }) => name)).toEqual(
    expect.arrayContaining(done),
  );
}

const fate = fc.constantFrom<Fate>("works", "fails", "works at the third attempt");

it("whatever fails and wherever it crashes, an operation ends as its steps say, and what was journalled is not repeated", async () => {
  const crashes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
  const plan = fc.tuple(fate, fate, fate);
  await fc.assert(
    fc.asyncProperty(plan, fc.boolean(), crashes, async (fates, overlap, crashAfterSaves) => {
      const effects: string[] = [];
      const definition = planned(fates, overlap, effects);
      const saved = await runThroughCrashes(definition, effects, crashAfterSaves);
      const last = saved.at(-1);
      const shouldFail = fates.includes("fails");
      expect(last?.state).toBe(shouldFail ? "failed" : "succeeded");
      expect(effects.includes("undo")).toBe(shouldFail);
      if (!shouldFail) expect(last?.steps.map(({ output }) => output)).toEqual(["one", "two", "three"]);
      for (const [i, after] of saved.slice(1).entries()) expectForwards(saved[i] ?? after, after);
    }),
    { numRuns: 200 },
  );
});
