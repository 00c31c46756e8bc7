import { z } from "zod";
import { asOpsError, OpsError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { fail, isEnded, type Operation, start, succeed } from "../core/operation.ts";
import type { Aftermath, OperationContext, OperationDefinition, StepDefinitions } from "../operations/definition.ts";
import type { Journal } from "../operations/journal.ts";
import { orAbort, settle, within } from "./abort.ts";
import { type Checkpoints, createCheckpoints } from "./checkpoints.ts";
import { errorFrom, type Redact, storableFailure } from "./failures.ts";
import { runStep, type StepFunction } from "./step.ts";

export interface RunnerTools {
  readonly now: () => number;
  readonly redact: Redact;
  /** Used between attempts. Ends early, in whatever way, when `signal` aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** How long a stopped step may go on before cleanup starts regardless; default 10 s. */
  readonly settleMs?: number;
  /** Bounds cleanup; default 60 s. */
  readonly cleanupMs?: number;
  /** Hears, with its cause and not redacted, of every error that ends an operation. */
  readonly report?: (error: OpsError, operation: Operation) => void;
}

/**
 * Runs a claimed operation to its end and returns the ended record, which has been saved. Done steps are not repeated.
 * Rejects, with nothing more written and no cleanup, when the journal stops accepting writes: with OpsError `superseded` when the claim
 * is lost, else with whatever `journal.save` threw. The operation then goes on wherever it is claimed next.
 */
export async function runOperation<Steps extends StepDefinitions, Params extends Json>(
  definition: OperationDefinition<Steps, Params>,
  operation: Operation,
  journal: Journal,
  tools: RunnerTools,
): Promise<Operation> {
  if (isEnded(operation)) return operation;
  const stop = new AbortController();
  const inFlight = new Set<Promise<unknown>>();
  const checkpoints = createCheckpoints(journal, start(operation, tools.now()), tools.sleep, (error) =>
    stop.abort(error),
  );
  const onJournalAbort = () => stop.abort(journal.signal.reason);
  if (journal.signal.aborted) onJournalAbort();
  journal.signal.addEventListener("abort", onJournalAbort, { once: true });
  const run: Run<Steps, Params> = { definition, operation, checkpoints, stop, inFlight, tools };
  try {
    const outcome = await runSteps(run);
    if (outcome.error) await failAndCleanUp(run, outcome.error, outcome.params);
    await checkpoints.flush();
    return checkpoints.current();
  } finally {
    journal.signal.removeEventListener("abort", onJournalAbort);
    checkpoints.close();
  }
}

interface Run<Steps extends StepDefinitions, Params extends Json> {
  readonly definition: OperationDefinition<Steps, Params>;
  /** As it was claimed. */
  readonly operation: Operation;
  readonly checkpoints: Checkpoints;
  /** Aborted by whatever ends the run early, with that as its reason. */
  readonly stop: AbortController;
  readonly inFlight: Set<Promise<unknown>>;
  readonly tools: RunnerTools;
}

/** `params` is null when the record does not fit this Creel: then nothing may be done on its behalf, not even cleaning up. */
interface Outcome<Params> {
  readonly error: unknown;
  readonly params: { readonly value: Params } | null;
}

async function runSteps<Steps extends StepDefinitions, Params extends Json>(
  run: Run<Steps, Params>,
): Promise<Outcome<Params>> {
  const { definition, operation, checkpoints, stop, inFlight, tools } = run;
  let params: Outcome<Params>["params"] = null;
  try {
    assertKnown(definition, operation);
    params = { value: parseParams(definition, operation) };
    // An earlier worker died while it cleaned up; what it has undone must not be built upon.
    if (operation.failure) throw errorFrom(operation.failure);
    stop.signal.throwIfAborted();
    const result = await orAbort(definition.run(contextFor(run), params.value), stop.signal);
    if (inFlight.size > 0) throw defect(`"${operation.kind}" returned while one of its steps was still running.`);
    checkpoints.change((current) => succeed(current, result, tools.now()));
    return { error: null, params };
  } catch (error) {
    stop.abort(asOpsError(error));
    await settle(inFlight, tools.settleMs ?? 10_000);
    return { error, params };
  }
}

function contextFor<Steps extends StepDefinitions, Params extends Json>(
  run: Run<Steps, Params>,
): OperationContext<Steps> {
  const { definition, operation, checkpoints, stop, inFlight, tools } = run;
  const called = new Set<string>();
  const onStarted = (work: Promise<unknown>) => {
    inFlight.add(work);
    const forget = () => inFlight.delete(work);
    work.then(forget, forget);
  };

  async function perform(name: keyof Steps & string, fn: StepFunction): Promise<Json> {
    stop.signal.throwIfAborted();
    if (called.has(name)) throw defect(`Step "${name}" was called twice in one run.`);
    called.add(name);
    const step = definition.steps[name];
    const record = checkpoints.current().steps.find((candidate) => candidate.name === name);
    if (!step || !record) throw defect(`"${operation.kind}" has no step "${name}".`);
    if (record.state === "done") return z.parse(step.output, record.output);
    return runStep(name, step, fn, { checkpoints, stop: stop.signal, onStarted, ...tools });
  }

  return {
    id: operation.id,
    agent: operation.agent,
    now: tools.now,
    step(name, fn) {
      const promise = perform(name, fn)
        // `perform` has parsed it with this step's schema; the compiler loses the connection between name and schema.
        .then((output) => output as z.output<Steps[typeof name]["output"]>)
        .catch((error: unknown) => {
          // Whoever waits for this step may be busy with another one; its siblings stop now.
          const reason = error instanceof z.ZodError ? unfitting(operation, error) : asOpsError(error);
          stop.abort(reason);
          throw reason;
        });
      // A step that `run` no longer waits for, because a sibling has failed, must not end the process.
      promise.catch(() => undefined);
      return promise;
    },
  };
}

async function failAndCleanUp<Steps extends StepDefinitions, Params extends Json>(
  run: Run<Steps, Params>,
  thrown: unknown,
  params: Outcome<Params>["params"],
): Promise<void> {
  const { checkpoints, operation, tools } = run;
  // Also when another error came first: without the claim, nothing may be touched.
  if (thrown instanceof OpsError && thrown.code === "superseded") throw thrown;
  const error = asOpsError(thrown);
  const nothing: Aftermath = { leftBehind: [], nextCommands: [] };
  checkpoints.change((current) => ({ ...current, failure: storableFailure(error, nothing, tools.redact) }));
  // Proves that the claim still holds before anything is undone, and makes sure that a successor goes on with cleaning up.
  await checkpoints.flush();
  tools.report?.(error, operation);
  const aftermath = params ? await cleanUp(run, error, params.value) : nothing;
  checkpoints.change((current) => fail(current, storableFailure(error, aftermath, tools.redact), tools.now()));
}

async function cleanUp<Steps extends StepDefinitions, Params extends Json>(
  { definition, operation, tools }: Run<Steps, Params>,
  error: OpsError,
  params: Params,
): Promise<Aftermath> {
  const limitMs = tools.cleanupMs ?? 60_000;
  const tooLate = () =>
    new OpsError({ code: "timed-out", userMessage: `It did not end within ${Math.round(limitMs / 1000)} s.` });
  try {
    return await within(limitMs, null, tooLate, async (signal) =>
      definition.cleanup({ id: operation.id, signal, now: tools.now }, params, error),
    );
  } catch (thrown) {
    const problem = asOpsError(thrown);
    tools.report?.(problem, operation);
    return {
      leftBehind: [`Cleaning up failed, so parts of what was made may still exist. ${problem.userMessage}`],
      nextCommands: operation.agent === null ? [] : [`/status agent:${operation.agent}`],
      evidence: problem.evidence,
    };
  }
}

function assertKnown(definition: { readonly kind: string; readonly version: number }, operation: Operation): void {
  if (operation.kind === definition.kind && operation.version === definition.version) return;
  throw new OpsError({
    code: "unknown-version",
    userMessage: `"${operation.kind}" was asked for with version ${operation.version} of its steps; this Creel knows version ${definition.version}.`,
    hint: "Ask for it again, or run the version of Creel that took the command.",
  });
}

function parseParams<Steps extends StepDefinitions, Params extends Json>(
  definition: OperationDefinition<Steps, Params>,
  operation: Operation,
): Params {
  const parsed = definition.params.safeParse(operation.params);
  if (parsed.success) return parsed.data;
  throw unfitting(operation, parsed.error);
}

function unfitting(operation: Operation, error: z.ZodError): OpsError {
  return defect(`The record of "${operation.kind}" does not fit its own version: ${z.prettifyError(error)}`, error);
}

function defect(userMessage: string, cause?: unknown): OpsError {
  return new OpsError({
    code: "internal",
    userMessage,
    hint: "This is a defect in Creel; the log holds the details.",
    cause,
  });
}
