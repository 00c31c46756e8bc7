import { z } from "zod";
import { OpsError } from "../../src/core/errors.ts";
import type { Operation } from "../../src/core/operation.ts";
import type { RunnerTools } from "../../src/jobs/runner.ts";
import { type Aftermath, defineOperation, type OperationContext } from "../../src/operations/definition.ts";

const steps = {
  one: { title: "One", budgetMs: 10_000, output: z.object({ n: z.number() }) },
  two: { title: "Two", budgetMs: 5_000, output: z.object({ n: z.number() }) },
  three: { title: "Three", budgetMs: 5_000, output: z.number() },
};
export type Context = OperationContext<typeof steps>;

export const nothing: Aftermath = { leftBehind: [], nextCommands: [] };

/** Cleanup writes its errors into `cleaned`. */
export function operationThat(run: (context: Context) => Promise<null>, cleaned: OpsError[] = [], aftermath = nothing) {
  return defineOperation({
    kind: "count",
    version: 1,
    lane: "hosts",
    params: z.object({ from: z.number() }),
    steps,
    run,
    async cleanup(_context, _params, error) {
      cleaned.push(error);
      return aftermath;
    },
  });
}

/** A clock that only moves when somebody sleeps. */
export function tools(overrides: Partial<RunnerTools> = {}): RunnerTools & { readonly slept: number[] } {
  let nowMs = 1_000_000;
  const slept: number[] = [];
  return {
    slept,
    now: () => nowMs,
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
