import { setTimeout } from "node:timers/promises";
import { OpsError } from "../../src/core/errors.ts";
import type { Json } from "../../src/core/json.ts";
import { type AgentName, makeOperationId, type OperationId } from "../../src/core/names.ts";
import { newOperation, type Operation } from "../../src/core/operation.ts";
import { runOperation } from "../../src/jobs/execution/runner.ts";
import type { OperationContext, OperationDefinition, StepDefinitions } from "../../src/operations/definition.ts";
import type { Journal } from "../../src/operations/journal.ts";

type Moment = "before the effect" | "after the effect, before the checkpoint";

export interface CrashPoint {
  readonly step: string;
  readonly moment: Moment;
}

/** Every place at which a worker can die inside an operation, or inside its `undo`, given what the steps are. */
export function crashPointsOf(definition: { readonly steps: StepDefinitions }): CrashPoint[] {
  const moments: Moment[] = ["before the effect", "after the effect, before the checkpoint"];
  return Object.keys(definition.steps).flatMap((step) => moments.map((moment) => ({ step, moment })));
}

export function ask(
  definition: OperationDefinition,
  params: Json,
  agent: AgentName | null,
  id: OperationId = makeOperationId(1_700_000_000_000, Math.random),
): Operation {
  const steps = Object.entries(definition.steps).map(([name, { title }]) => ({ name, title }));
  const requestedBy = { channel: "terminal", user: "root", roles: [], name: "root" } as const;
  return newOperation({ id, kind: definition.kind, version: definition.version, params, agent, requestedBy, steps }, 0);
}

/** A durable record in memory. After `die()` nothing that was not saved before is kept, as after kill -9. */
function memoryJournal(first: Operation) {
  let saved = first;
  let dead = false;
  const lost = new AbortController();
  const cancelled = new AbortController();
  const journal: Journal = {
    ...{ cancelled: cancelled.signal, lost: lost.signal },
    async save(operation) {
      if (dead) throw superseded();
      // What goes through Redis goes through JSON.
      saved = structuredClone(operation);
    },
  };
  return {
    journal,
    saved: () => saved,
    die() {
      dead = true;
      lost.abort(superseded());
    },
    cancel: () => cancelled.abort(new OpsError({ code: "cancelled", userMessage: "Cancelled." })),
  };
}

function superseded(): OpsError {
  return new OpsError({ code: "superseded", userMessage: "The worker died." });
}

export interface RunOptions {
  readonly crash?: CrashPoint;
  readonly cancelDuring?: string;
  /** Default: one of its own. */
  readonly clock?: FakeClock;
  /** Hears what steps say is going on. */
  readonly onDetail?: (step: string, text: string) => void;
}

/** Runs with the real step runner until it ends or dies at `crash`; returns the record as it was saved. */
export async function run(
  definition: OperationDefinition,
  operation: Operation,
  { crash, cancelDuring, clock = fakeClock(), onDetail }: RunOptions = {},
): Promise<{ readonly record: Operation; readonly died: boolean }> {
  const { journal, saved, die, cancel } = memoryJournal(operation);
  let died = false;
  const watched: OperationDefinition = {
    ...definition,
    run: (context, params) => definition.run(intercept(context), params),
    undo: {
      ...definition.undo,
      run: (context, params, error) =>
        definition.undo.run({ ...intercept(context), past: context.past }, params, error),
    },
  };
  const intercept = (context: OperationContext<StepDefinitions>): OperationContext<StepDefinitions> => ({
    ...context,
    step: (name, fn) =>
      context.step(name, async (stepContext) => {
        const here = crash?.step === name;
        if (here && crash.moment === "before the effect") {
          died = true;
          die();
          throw superseded();
        }
        if (cancelDuring === name) cancel();
        const detail = (text: string) => {
          onDetail?.(name, text);
          stepContext.detail(text);
        };
        const output = await fn({ ...stepContext, detail });
        if (here) {
          died = true;
          die();
          throw superseded();
        }
        return output;
      }),
  });
  try {
    await runOperation(watched, operation, journal, {
      ...{ now: clock.now, elapsed: clock.now },
      redact: (text) => text,
      // Budgets are counted on the fake clock, so waiting needs no time.
      sleep: async (ms) => clock.advance(ms),
      settleMs: 2000,
    });
  } catch (error) {
    if (!(died && error instanceof OpsError && error.code === "superseded")) throw error;
  }
  return { record: saved(), died };
}

/** The same with the real clock, for operations on real hosts. */
export async function runForReal(definition: OperationDefinition, operation: Operation): Promise<Operation> {
  const { journal } = memoryJournal(operation);
  const sleep = (ms: number, signal: AbortSignal) => setTimeout(ms, undefined, { signal }).catch(() => undefined);
  const clocks = { now: Date.now, elapsed: () => performance.now() };
  return await runOperation(definition, operation, journal, { ...clocks, redact: (text) => text, sleep });
}

export interface FakeClock {
  now(): number;
  advance(ms: number): void;
}

/** Moves on by 50 ms whenever somebody looks. */
export function fakeClock(): FakeClock {
  let now = 1_700_000_000_000;
  return {
    now() {
      now += 50;
      return now;
    },
    advance(ms: number) {
      now += ms;
    },
  };
}
