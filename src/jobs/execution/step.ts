import { z } from "zod";
import { asOpsError, OpsError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { describeStep, failStep, findStep, finishStep, repeatStep, startStep } from "../../core/operation.ts";
import type { Redact } from "../../core/redaction.ts";
import type { StepContext, StepDefinition } from "../../operations/definition.ts";
import { orAbort, within } from "../abort.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { storableDetail } from "./failures.ts";

const MAX_OUTPUT_BYTES = 16 * 1024;
const RETRY_BASE_MS = 200;
const RETRY_MAX_MS = 2000;
/** What a service may ask to be waited for beyond a step's budget, in all. */
const ASKED_MAX_MS = 5 * 60_000;

export interface StepTools {
  readonly checkpoints: Checkpoints;
  /** Aborted with an OpsError when the whole run ends early. */
  readonly stop: AbortSignal;
  readonly now: () => number;
  /** Milliseconds since some moment, whatever is done to the clock. */
  readonly elapsed: () => number;
  readonly redact: Redact;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Hears of every started function, so that nobody cleans up under one that is still at work. */
  readonly onStarted: (work: Promise<unknown>) => void;
}

export type StepFunction = (context: StepContext) => Promise<unknown>;

/**
 * Runs a step that is not done yet and puts its output into the record. The output is durable before the next step's function
 * starts and before the operation ends; saving it together with the next step's start halves the number of writes.
 */
export async function runStep(name: string, step: StepDefinition, fn: StepFunction, tools: StepTools): Promise<Json> {
  const { checkpoints, now } = tools;
  checkpoints.change((operation) => startStep(operation, name, now()));
  await orAbort(checkpoints.flush(), tools.stop);
  try {
    const { stored, output } = toStorable(name, step, await untilDone(name, step, fn, tools));
    checkpoints.change((operation) => finishStep(operation, name, stored, now()));
    checkpoints.begin();
    return output;
  } catch (error) {
    if (!tools.stop.aborted) checkpoints.change((operation) => failStep(operation, name, now()));
    throw error;
  }
}

async function untilDone(name: string, step: StepDefinition, fn: StepFunction, tools: StepTools): Promise<unknown> {
  const { checkpoints, elapsed, stop } = tools;
  let deadlineMs = elapsed() + step.budgetMs;
  let grantMs = ASKED_MAX_MS;
  let backoffMs = step.retryBaseMs ?? RETRY_BASE_MS;
  let last: OpsError | null = null;
  for (let repeated = false; ; repeated = true) {
    // Not saved by itself: a step that looks ten times a second whether something is ready would write ten records a second.
    if (repeated) checkpoints.change((operation) => repeatStep(operation, name));
    try {
      return await attempt(name, step, deadlineMs - elapsed(), last, fn, tools);
    } catch (error) {
      // The reason of the whole run comes before what the step made of being stopped.
      stop.throwIfAborted();
      last = asOpsError(error);
      if (last.retry === "never") throw last;
      describe(name, [last.userMessage, ...last.evidence.slice(-1)].join(" › "), tools);
    }
    // Who is asked again sooner than it said counts that as well, and lets Creel wait longer.
    const askedMs = last.retryAfterMs ?? 0;
    const waitMs = Math.max(backoffMs, askedMs);
    // A budget is for the step's own work: steps of seconds would end with the first request to slow down.
    const grantedMs = Math.min(askedMs, grantMs);
    grantMs -= grantedMs;
    deadlineMs += grantedMs;
    if (elapsed() + waitMs >= deadlineMs) throw timedOut(step, last);
    await orAbort(tools.sleep(waitMs, stop), stop);
    backoffMs = Math.min(backoffMs * 2, step.retryMaxMs ?? RETRY_MAX_MS);
  }
}

function attempt(
  name: string,
  step: StepDefinition,
  leftMs: number,
  last: OpsError | null,
  fn: StepFunction,
  tools: StepTools,
): Promise<unknown> {
  return within(
    leftMs,
    tools.stop,
    () => timedOut(step, last),
    (signal) => {
      const detail = (text: string) => {
        if (!signal.aborted) describe(name, text, tools);
      };
      // In an async function, so that what `fn` throws before its first await is a rejection as well.
      const work = (async () => fn({ signal, detail }))();
      tools.onStarted(work);
      return work;
    },
  );
}

function describe(name: string, text: string, { checkpoints, redact }: StepTools): void {
  const detail = storableDetail(text, redact);
  // A late call of a step that is over must not write into it.
  const running = findStep(checkpoints.current(), name);
  if (running?.state !== "running" || running.detail === detail) return;
  checkpoints.change((operation) => describeStep(operation, name, detail));
  checkpoints.soon();
}

function timedOut(step: StepDefinition, last: OpsError | null): OpsError {
  return new OpsError({
    code: "timed-out",
    userMessage: `"${step.title}" did not end within ${seconds(step.budgetMs)}${last ? `: ${last.userMessage}` : "."}`,
    hint: last?.hint ?? null,
    evidence: last?.evidence ?? [],
    cause: last ?? undefined,
  });
}

function seconds(ms: number): string {
  return ms >= 120_000 ? `${Math.round(ms / 60_000)} minutes` : `${Math.round(ms / 100) / 10} s`;
}

/** What a replay will read is what this run goes on with, so that both see the same. @throws OpsError `internal`. */
function toStorable(
  name: string,
  step: StepDefinition,
  returned: unknown,
): { readonly stored: Json; readonly output: Json } {
  try {
    const text = JSON.stringify(z.parse(step.output, returned));
    if (Buffer.byteLength(text) > MAX_OUTPUT_BYTES) throw new Error(`it has more than ${MAX_OUTPUT_BYTES} bytes`);
    const stored: Json = z.json().parse(JSON.parse(text));
    return { stored, output: z.parse(step.output, stored) };
  } catch (error) {
    throw new OpsError({
      code: "internal",
      userMessage: `Step "${name}" returned what cannot be stored: ${error instanceof Error ? error.message : error}`,
      cause: error,
    });
  }
}
