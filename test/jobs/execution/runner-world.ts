import { z } from "zod";
import { OpsError } from "../../../src/core/errors.ts";
import type { Operation } from "../../../src/core/operation.ts";
import type { RunnerTools } from "../../../src/jobs/execution/runner.ts";
import {
  type Aftermath,
  defineOperation,
  defineUndo,
  type OperationContext,
} from "../../../src/operations/definition.ts";

const steps = {
  one: { title: "One", budgetMs: 10_000, output: z.object({ n: z.number() }) },
  two: { title: "Two", budgetMs: 5_000, output: z.object({ n: z.number() }) },
  three: { title: "Three", budgetMs: 5_000, output: z.number() },
};
export type Context = OperationContext<typeof steps>;

export const nothing: Aftermath = { leftBehind: [], nextCommands: [] };

/** Undoing it writes its errors into `undone`. */
export function operationThat(run: (context: Context) => Promise<null>, undone: OpsError[] = [], aftermath = nothing) {
  return defineOperation({
    kind: "count",
    version: 1,
    lane: async () => "here",
    params: z.object({ from: z.number() }),
    steps,
    run,
    undo: undoThat(async (_context, error) => {
      undone.push(error);
      return aftermath;
    }),
  });
}

const undoSteps = {
  remove: { title: "Remove it", budgetMs: 10_000, output: z.null() },
  forget: { title: "Forget it", budgetMs: 10_000, output: z.null() },
};

export function undoThat(
  run: (context: OperationContext<typeof undoSteps>, error: OpsError) => Promise<Aftermath>,
  left: readonly string[] = [],
) {
  return defineUndo({
    steps: undoSteps,
    run: (context, _params: { readonly from: number }, error) => run(context, error),
    left: () => left,
  });
}

/** A clock that only moves when somebody sleeps. */
export function tools(overrides: Partial<RunnerTools> = {}): RunnerTools & { readonly slept: number[] } {
  let nowMs = 1_000_000;
  const slept: number[] = [];
  return {
    slept,
    now: () => nowMs,
    elapsed: () => nowMs,
    redact: (text) => text.replaceAll("hunter2-canary", "[redacted]"),
    async sleep(ms) {
      slept.push(ms);
      nowMs += ms;
    },
    settleMs: 200,
    ...overrides,
  };
}

export const later = (userMessage: string) => new OpsError({ code: "host-unreachable", userMessage, retry: "later" });
export const cancelled = new OpsError({ code: "cancelled", userMessage: "root asked to stop." });
export const superseded = new OpsError({ code: "superseded", userMessage: "Another worker goes on." });
export const params = { from: 1 };

export function stepOf(operation: Operation, name: string) {
  const step = operation.steps.find((candidate) => candidate.name === name);
  if (!step) throw new Error(`no step ${name}`);
  return step;
}
