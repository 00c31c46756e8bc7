import { asOpsError, OpsError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { beginUndo, fail, isEnded, type Operation, start, stick, succeed } from "../../core/operation.ts";
import type { Redact } from "../../core/redaction.ts";
import type { Aftermath, OperationContext, OperationDefinition, StepDefinitions } from "../../operations/definition.ts";
import type { Journal } from "../../operations/journal.ts";
import { orAbort, settle } from "../abort.ts";
import { type Checkpoints, createCheckpoints } from "./checkpoints.ts";
import { defect, errorFrom, storableFailure, unfitting } from "./failures.ts";
import { beginPhase, stepContext } from "./phase.ts";

export interface RunnerTools {
  readonly now: () => number;
  /** Milliseconds since some moment, whatever is done to the clock. Budgets count it. */
  readonly elapsed: () => number;
  readonly redact: Redact;
  /** Used between attempts. Ends early, in whatever way, when `signal` aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How long a stopped step may go on before it is undone regardless; default 10 s. */
  readonly settleMs?: number;
  /** Hears, with its cause and not redacted, of every error that ends an operation. */
  readonly report?: (error: OpsError, operation: Operation) => void;
}

/**
 * Runs a claimed operation to its end and returns the ended record, which has been saved. Done steps are not repeated, nor those of undoing it.
 * Rejects, with nothing more written and nothing undone, when the journal stops accepting writes: with OpsError `superseded` when the claim
 * is lost, else with whatever `journal.save` threw. The operation then goes on wherever it is claimed next.
 */
export async function runOperation<Steps extends StepDefinitions, Params extends Json>(
  definition: OperationDefinition<Steps, Params>,
  operation: Operation,
  journal: Journal,
  tools: RunnerTools,
): Promise<Operation> {
  if (isEnded(operation)) return operation;
  const unwritable = new AbortController();
  const checkpoints = createCheckpoints(journal, start(operation, tools.now()), tools.sleep, (error) =>
    unwritable.abort(error),
  );
  const lost = AbortSignal.any([journal.lost, unwritable.signal]);
  const run: Run = { operation, checkpoints, cancelled: journal.cancelled, lost, tools };
  try {
    const params = parseParams(definition, operation);
    if (params instanceof OpsError) await endWithout(run, definition, params);
    else {
      const error = await runSteps(run, definition, params);
      if (error !== null) await undo(run, definition, params, error);
    }
    await checkpoints.flush();
    return checkpoints.current();
  } finally {
    checkpoints.close();
  }
}

interface Run {
  /** As it was claimed. */
  readonly operation: Operation;
  readonly checkpoints: Checkpoints;
  readonly cancelled: AbortSignal;
  /** Aborted when nothing can be written any more. */
  readonly lost: AbortSignal;
  readonly tools: RunnerTools;
}

const NOTHING: Aftermath = { leftBehind: [], nextCommands: [] };

/** @returns why it has to be undone; null when it has succeeded. */
async function runSteps<Steps extends StepDefinitions, Params extends Json>(
  run: Run,
  { steps, run: perform }: OperationDefinition<Steps, Params>,
  params: Params,
): Promise<OpsError | null> {
  const { operation, checkpoints, tools } = run;
  // What has been undone in part must not be built upon.
  if (operation.failure) return errorFrom(operation.failure);
  try {
    const result = await inPhase(run, [run.cancelled, run.lost], steps, (context) => perform(context, params));
    checkpoints.change((current) => succeed(current, result, tools.now()));
    return null;
  } catch (error) {
    return asOpsError(error);
  }
}

/** To the record's end, or until nothing can be written any more. A cancellation does not stop it: it is what was asked for. */
async function undo<Steps extends StepDefinitions, Params extends Json>(
  run: Run,
  definition: OperationDefinition<Steps, Params>,
  params: Params,
  error: OpsError,
): Promise<void> {
  const { checkpoints, operation, lost, tools } = run;
  const { steps, run: perform, left } = definition.undo;
  // Also when another error came first: without the claim, nothing may be touched.
  if (error.code === "superseded") throw error;
  const titles = Object.entries(steps).map(([name, { title }]) => ({ name, title }));
  const failure = (aftermath: Aftermath) => storableFailure(error, aftermath, tools.redact);
  checkpoints.change((current) => beginUndo(current, failure(NOTHING), titles, tools.now()));
  // Proves that the claim still holds before anything is undone, and makes sure that a successor goes on with it.
  await checkpoints.flush();
  if (operation.failure === null) tools.report?.(error, operation);
  try {
    const past = checkpoints.current();
    const aftermath = await inPhase(run, [lost], steps, (context) => perform({ ...context, past }, params, error));
    checkpoints.change((current) => fail(current, failure(aftermath), tools.now()));
  } catch (thrown) {
    if (lost.aborted) throw lost.reason;
    const problem = asOpsError(thrown);
    tools.report?.(problem, operation);
    const aftermath = stuckOn(problem, operation, left(checkpoints.current()));
    checkpoints.change((current) => stick(current, failure(aftermath), tools.now()));
  }
}

function stuckOn(problem: OpsError, { id, agent }: Operation, left: readonly string[]): Aftermath {
  return {
    leftBehind: [...left, `Undoing it got no further: ${problem.userMessage}`],
    nextCommands: [`/retry operation:${id}`, ...(agent === null ? [] : [`/status agent:${agent}`])],
    evidence: problem.evidence,
  };
}

/** Runs `work`, which makes steps, until it returns or one of `stops` aborts. What it has started is over when it ends, as far as that can be waited for. */
async function inPhase<Steps extends StepDefinitions, T>(
  run: Run,
  stops: readonly AbortSignal[],
  steps: Steps,
  work: (context: OperationContext<Steps>) => Promise<T>,
): Promise<T> {
  const { operation, checkpoints, tools } = run;
  const phase = beginPhase(stops);
  try {
    phase.signal.throwIfAborted();
    const result = await orAbort(work(stepContext({ operation, checkpoints, steps, phase, tools })), phase.signal);
    if (phase.inFlight.size > 0) throw defect(`"${operation.kind}" returned while one of its steps was still running.`);
    return result;
  } catch (error) {
    phase.stop(asOpsError(error));
    await settle(phase.inFlight, tools.settleMs ?? 10_000);
    throw error;
  }
}

/** Of a record that does not fit this Creel: nothing may be done on its behalf, not even undoing it. What it has begun is named, and stays to be undone. */
async function endWithout<Steps extends StepDefinitions, Params extends Json>(
  { checkpoints, operation, tools }: Run,
  { undo }: OperationDefinition<Steps, Params>,
  error: OpsError,
): Promise<void> {
  const reason = operation.failure === null ? error : errorFrom(operation.failure);
  const failure = (aftermath: Aftermath) => storableFailure(reason, aftermath, tools.redact);
  const left = undo.left(operation);
  checkpoints.change((current) =>
    left.length > 0
      ? stick(current, failure(stuckOn(error, operation, left)), tools.now())
      : fail(current, failure(NOTHING), tools.now()),
  );
  await checkpoints.flush();
  tools.report?.(error, operation);
}

function parseParams<Steps extends StepDefinitions, Params extends Json>(
  { kind, version, params }: OperationDefinition<Steps, Params>,
  operation: Operation,
): Params | OpsError {
  if (operation.kind !== kind || operation.version !== version) {
    return new OpsError({
      code: "unknown-version",
      userMessage: `"${operation.kind}" was asked for with version ${operation.version} of its steps; this Creel knows version ${version}.`,
      hint: `Ask for it again${operation.startedAtMs === null ? "." : ": what this one has begun is put in order as well."}`,
    });
  }
  const parsed = params.safeParse(operation.params);
  return parsed.success ? parsed.data : unfitting(operation, parsed.error);
}
