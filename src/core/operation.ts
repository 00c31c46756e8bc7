import type { Actor } from "./actor.ts";
import type { Place } from "./chat.ts";
import type { ErrorCode, OpsError } from "./errors.ts";
import type { Json } from "./json.ts";
import type { AgentName, OperationId } from "./names.ts";

type OperationState = "queued" | "running" | "succeeded" | "failed" | "cancelled";
type StepState = "pending" | "running" | "done" | "failed";

/** What a person needs to know of a failure. Redacted before it is stored. */
export interface Failure {
  readonly code: ErrorCode;
  readonly userMessage: string;
  readonly hint: string | null;
  /** The last relevant log lines, oldest first. */
  readonly evidence: readonly string[];
  /** What exists now because of the operation, one sentence each. */
  readonly leftBehind: readonly string[];
  /** Commands worth typing next, such as `/logs agent:ada`. */
  readonly nextCommands: readonly string[];
}

export interface StepRecord {
  readonly name: string;
  /** What a person reads in the progress message. */
  readonly title: string;
  readonly state: StepState;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** Times the step's function was started, over all workers. */
  readonly attempts: number;
  /** A short line about what is going on inside a running step, or null. */
  readonly detail: string | null;
  /** The journalled output of a done step. */
  readonly output: Json;
}

/** One durable thing Creel does. The record is the journal: it is all that a worker knows of the operation's past. */
export interface Operation {
  readonly id: OperationId;
  readonly kind: string;
  readonly version: number;
  readonly params: Json;
  /** The agent whose operations it takes turns with; null for operations that concern no agent. */
  readonly agent: AgentName | null;
  readonly state: OperationState;
  readonly requestedBy: Actor;
  /** Where progress and outcome are told; null when nobody in a chat waits for them. */
  readonly place: Place | null;
  readonly requestedAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** The operation of the same agent that has to end first, when that is what it waits for. */
  readonly waitingBehind: OperationId | null;
  readonly steps: readonly StepRecord[];
  readonly failure: Failure | null;
  readonly result: Json;
}

export function isEnded(operation: Operation): boolean {
  return operation.state === "succeeded" || operation.state === "failed" || operation.state === "cancelled";
}

export interface NewOperation {
  readonly id: OperationId;
  readonly kind: string;
  readonly version: number;
  readonly params: Json;
  readonly agent: AgentName | null;
  readonly requestedBy: Actor;
  readonly place?: Place | null;
  readonly steps: readonly { readonly name: string; readonly title: string }[];
}

export function newOperation(fields: NewOperation, nowMs: number): Operation {
  return {
    ...fields,
    place: fields.place ?? null,
    state: "queued",
    requestedAtMs: nowMs,
    startedAtMs: null,
    endedAtMs: null,
    waitingBehind: null,
    steps: fields.steps.map(({ name, title }) => ({
      name,
      title,
      state: "pending",
      startedAtMs: null,
      endedAtMs: null,
      attempts: 0,
      detail: null,
      output: null,
    })),
    failure: null,
    result: null,
  };
}

export function waitBehind(operation: Operation, other: OperationId): Operation {
  return { ...operation, waitingBehind: other };
}

/** Also used when another worker takes a running operation over: steps that were running are pending again. */
export function start(operation: Operation, nowMs: number): Operation {
  return {
    ...operation,
    state: "running",
    startedAtMs: operation.startedAtMs ?? nowMs,
    waitingBehind: null,
    steps: operation.steps.map((step) => (step.state === "running" ? { ...step, state: "pending" } : step)),
  };
}

export function startStep(operation: Operation, name: string, nowMs: number): Operation {
  return changeStep(operation, name, (step) => ({
    ...step,
    state: "running",
    startedAtMs: step.startedAtMs ?? nowMs,
    endedAtMs: null,
    attempts: step.attempts + 1,
    detail: null,
  }));
}

/** The same step's function is started once more. */
export function repeatStep(operation: Operation, name: string): Operation {
  return changeStep(operation, name, (step) => ({ ...step, attempts: step.attempts + 1 }));
}

export function describeStep(operation: Operation, name: string, detail: string | null): Operation {
  return changeStep(operation, name, (step) => ({ ...step, detail }));
}

export function finishStep(operation: Operation, name: string, output: Json, nowMs: number): Operation {
  return changeStep(operation, name, (step) => ({ ...step, state: "done", endedAtMs: nowMs, detail: null, output }));
}

export function failStep(operation: Operation, name: string, nowMs: number): Operation {
  return changeStep(operation, name, (step) => ({ ...step, state: "failed", endedAtMs: nowMs }));
}

export function succeed(operation: Operation, result: Json, nowMs: number): Operation {
  return { ...operation, state: "succeeded", endedAtMs: nowMs, waitingBehind: null, result };
}

export function fail(operation: Operation, failure: Failure, nowMs: number): Operation {
  const state = failure.code === "cancelled" ? "cancelled" : "failed";
  return {
    ...operation,
    state,
    endedAtMs: nowMs,
    waitingBehind: null,
    failure,
    steps: operation.steps.map((step) =>
      step.state === "running" ? { ...step, state: "failed", endedAtMs: nowMs } : step,
    ),
  };
}

export function failureFrom(
  error: OpsError,
  after: Pick<Failure, "leftBehind" | "nextCommands"> = { leftBehind: [], nextCommands: [] },
): Failure {
  return {
    code: error.code,
    userMessage: error.userMessage,
    hint: error.hint,
    evidence: error.evidence,
    leftBehind: after.leftBehind,
    nextCommands: after.nextCommands,
  };
}

function changeStep(operation: Operation, name: string, change: (step: StepRecord) => StepRecord): Operation {
  return { ...operation, steps: operation.steps.map((step) => (step.name === name ? change(step) : step)) };
}
