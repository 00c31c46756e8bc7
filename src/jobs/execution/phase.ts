import { z } from "zod";
import { asOpsError, type OpsError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { findStep, type Operation } from "../../core/operation.ts";
import type { OperationContext, StepDefinitions } from "../../operations/definition.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { defect, unfitting } from "./failures.ts";
import { runStep, type StepFunction, type StepTools } from "./step.ts";

/** One run through the steps of an operation, or through those that undo it. */
export interface Phase {
  /** Aborted by whatever ends the phase early, with that as its reason. */
  readonly signal: AbortSignal;
  stop(reason: OpsError): void;
  /** Functions of steps that have not ended. */
  readonly inFlight: ReadonlySet<Promise<unknown>>;
  readonly onStarted: (work: Promise<unknown>) => void;
}

export function beginPhase(stops: readonly AbortSignal[]): Phase {
  const own = new AbortController();
  const inFlight = new Set<Promise<unknown>>();
  return {
    signal: AbortSignal.any([...stops, own.signal]),
    stop: (reason) => own.abort(reason),
    inFlight,
    onStarted(work) {
      inFlight.add(work);
      const forget = () => inFlight.delete(work);
      work.then(forget, forget);
    },
  };
}

interface StepContextParts<Steps extends StepDefinitions> {
  /** As it was claimed. */
  readonly operation: Operation;
  readonly checkpoints: Checkpoints;
  readonly steps: Steps;
  readonly phase: Phase;
  readonly tools: Pick<StepTools, "now" | "elapsed" | "redact" | "sleep">;
}

/** What `run` of an operation, or of its undo, is given. */
export function stepContext<Steps extends StepDefinitions>(parts: StepContextParts<Steps>): OperationContext<Steps> {
  const { operation, checkpoints, steps, phase, tools } = parts;
  const called = new Set<string>();

  async function perform(name: keyof Steps & string, fn: StepFunction): Promise<Json> {
    phase.signal.throwIfAborted();
    if (called.has(name)) throw defect(`Step "${name}" was called twice in one run.`);
    called.add(name);
    const step = steps[name];
    const record = findStep(checkpoints.current(), name);
    if (!step || !record) throw defect(`"${operation.kind}" has no step "${name}".`);
    if (record.state === "done") return z.parse(step.output, record.output);
    return runStep(name, step, fn, { checkpoints, stop: phase.signal, onStarted: phase.onStarted, ...tools });
  }

  return {
    id: operation.id,
    agent: operation.agent,
    ...{ now: tools.now, elapsed: tools.elapsed },
    step(name, fn) {
      const promise = perform(name, fn)
        // `perform` has parsed it with this step's schema; the compiler loses the connection between name and schema.
        .then((output) => output as z.output<Steps[typeof name]["output"]>)
        .catch((error: unknown) => {
          // Whoever waits for this step may be busy with another one; its siblings stop now.
          const reason = error instanceof z.ZodError ? unfitting(operation, error) : asOpsError(error);
          phase.stop(reason);
          throw reason;
        });
      // A step that `run` no longer waits for, because a sibling has failed, must not end the process.
      promise.catch(() => undefined);
      return promise;
    },
  };
}
