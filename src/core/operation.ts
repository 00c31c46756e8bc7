import type { Actor } from "./actor.ts";
import type { Place } from "./chat.ts";
import { type ErrorCode, OpsError } from "./errors.ts";
import type { Json } from "./json.ts";
import type { AgentName, OperationId } from "./names.ts";

/** `stuck`: it failed or was cancelled, and undoing it got no further, so things exist that nobody wants. It can be resumed. */
type OperationState = "queued" | "running" | "succeeded" | "failed" | "cancelled" | "stuck";
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
  /** When somebody asked for the last time that it goes on after it was stuck; null: nobody has. */
  readonly resumedAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** The operation of the same agent that has to end first, when that is what it waits for. */
  readonly waitingBehind: OperationId | null;
  /** What somebody has to bring before it can go on, after "waits for"; null when it is a matter of time. */
  readonly waitingFor: string | null;
  readonly steps: readonly StepRecord[];
  /** Steps that put things in order after it failed or was cancelled; empty before. No name is also one of `steps`. */
  readonly undo: readonly StepRecord[];
  /** Why it failed; set as well while that is being undone. */
  readonly failure: Failure | null;
  readonly result: Json;
}

export function isEnded(operation: Operation): boolean {
  return operation.state !== "queued" && operation.state !== "running";
}

/** It has failed or was cancelled, and what it made is being put in order, or waits for that. */
export function isUndoing(operation: Operation): boolean {
  return !isEnded(operation) && operation.failure !== null;
}

/** When somebody asked for what it does now or did last. */
export function askedAtMs({ requestedAtMs, resumedAtMs }: Pick<Operation, "requestedAtMs" | "resumedAtMs">): number {
  return resumedAtMs ?? requestedAtMs;
}

/**
 * Whether a step may have had an effect: that its function starts is on record before. Of a step that the record of another version does not
 * have, nothing is known, so it may have.
 */
export function mayHaveBegun({ steps }: Operation, name: string): boolean {
  const named = steps.filter((step) => step.name === name);
  return (named.length > 0 ? named : steps).some(({ attempts }) => attempts > 0);
}

/** Undefined for a name that it does not have. */
export function findStep({ steps, undo }: Operation, name: string): StepRecord | undefined {
  return [...steps, ...undo].find((step) => step.name === name);
}

export interface NewOperation {
  readonly id: OperationId;
  readonly kind: string;
  readonly version: number;
  readonly params: Json;
  readonly agent: AgentName | null;
  readonly requestedBy: Actor;
  readonly place?: Place | null;
  readonly steps: readonly NewStep[];
}

interface NewStep {
  readonly name: string;
  readonly title: string;
}

export function newOperation(fields: NewOperation, nowMs: number): Operation {
  return {
    ...fields,
    place: fields.place ?? null,
    state: "queued",
    requestedAtMs: nowMs,
    resumedAtMs: null,
    startedAtMs: null,
    endedAtMs: null,
    waitingBehind: null,
    waitingFor: null,
    steps: fields.steps.map(newStep),
    undo: [],
    failure: null,
    result: null,
  };
}

function newStep({ name, title }: NewStep): StepRecord {
  const times = { startedAtMs: null, endedAtMs: null, attempts: 0 };
  return { name, title, state: "pending", ...times, detail: null, output: null };
}

export function waitBehind(operation: Operation, other: OperationId): Operation {
  return { ...operation, waitingBehind: other, waitingFor: null };
}

/** Nobody here can do it. */
export function waitFor(operation: Operation, what: string): Operation {
  return { ...operation, waitingBehind: null, waitingFor: what };
}

/** Also used when another worker takes a running operation over: steps that were running are pending again. */
export function start(operation: Operation, nowMs: number): Operation {
  return {
    ...operation,
    state: "running",
    startedAtMs: operation.startedAtMs ?? nowMs,
    waitingBehind: null,
    waitingFor: null,
    ...changeSteps(operation, (step) => (step.state === "running" ? { ...step, state: "pending" } : step)),
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
  return { ...operation, state: "succeeded", endedAtMs: nowMs, waitingBehind: null, waitingFor: null, result };
}

export function fail(operation: Operation, failure: Failure, nowMs: number): Operation {
  return end(operation, failure.code === "cancelled" ? "cancelled" : "failed", failure, nowMs);
}

/** What was running has failed, and `undo` is what has to be done about it. One that is being undone already keeps its reason, and what it has done. */
export function beginUndo(operation: Operation, failure: Failure, undo: readonly NewStep[], nowMs: number): Operation {
  const steps = undo.map((step) => operation.undo.find(({ name }) => name === step.name) ?? newStep(step));
  return { ...operation, failure: operation.failure ?? failure, ...stopSteps(operation, nowMs), undo: steps };
}

/** Undoing it got no further. `failure` says what is left. */
export function stick(operation: Operation, failure: Failure, nowMs: number): Operation {
  return end(operation, "stuck", failure, nowMs);
}

/**
 * One that is stuck is undone again, from the beginning: since then its agent may have got another host, or another operation may have undone
 * it. Any other stays as it is.
 */
export function resume(operation: Operation, nowMs: number): Operation {
  if (operation.state !== "stuck") return operation;
  return { ...operation, state: "queued", resumedAtMs: nowMs, endedAtMs: null, undo: operation.undo.map(newStep) };
}

function end(operation: Operation, state: OperationState, failure: Failure, nowMs: number): Operation {
  return {
    ...operation,
    state,
    endedAtMs: nowMs,
    waitingBehind: null,
    waitingFor: null,
    failure,
    ...stopSteps(operation, nowMs),
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

function stopSteps(operation: Operation, nowMs: number): Pick<Operation, "steps" | "undo"> {
  return changeSteps(operation, (step) =>
    step.state === "running" ? { ...step, state: "failed", endedAtMs: nowMs } : step,
  );
}

function changeStep(operation: Operation, name: string, change: (step: StepRecord) => StepRecord): Operation {
  return { ...operation, ...changeSteps(operation, (step) => (step.name === name ? change(step) : step)) };
}

function changeSteps(
  { steps, undo }: Operation,
  change: (step: StepRecord) => StepRecord,
): Pick<Operation, "steps" | "undo"> {
  return { steps: steps.map(change), undo: undo.map(change) };
}

export function noSuchOperation(id: OperationId): OpsError {
  return new OpsError({
    code: "not-found",
    userMessage: `There is no operation ${id}.`,
    hint: "/history lists operations with their ids.",
  });
}
