import { formatDuration, formatElapsed } from "../../core/measures.ts";
import { isEnded, type Operation, type StepRecord } from "../../core/operation.ts";
import { type Block, type Message, message, type StepLine, type Tone, text } from "../message.ts";
import { actionFor } from "./actions.ts";
import { facts, nextAfter } from "./result.ts";
import { doing, done, lowerFirst } from "./words.ts";

/** After this long in the queue, a person should hear that nobody works on it. */
const LONELY_MS = 10_000;

const TONES: Readonly<Record<Operation["state"], Tone>> = {
  queued: "progress",
  running: "progress",
  succeeded: "good",
  failed: "bad",
  cancelled: "plain",
};

/** An operation on its way; also its last state, which the outcome follows. */
export function renderProgress(operation: Operation, nowMs: number): Message {
  const elapsed = formatElapsed((operation.endedAtMs ?? nowMs) - operation.requestedAtMs);
  const finished = operation.steps.filter((step) => step.state === "done").length;
  const bar: Block = { type: "bar", done: finished, total: operation.steps.length, note: elapsed };
  const steps: Block = { type: "steps", steps: operation.steps.map((step) => renderStep(step, nowMs)) };
  const actions = isEnded(operation) ? [] : [actionFor(`/cancel operation:${operation.id}`)];
  return message(doing(operation), TONES[operation.state], [bar, steps, text(whatNext(operation, nowMs))], { actions });
}

export function renderStep(step: StepRecord, nowMs: number): StepLine {
  return { mark: step.state, title: step.title, time: stepTime(step, nowMs), detail: step.detail };
}

function stepTime(step: StepRecord, nowMs: number): string | null {
  if (step.startedAtMs === null || step.state === "pending") return null;
  if (step.endedAtMs === null) return formatElapsed(nowMs - step.startedAtMs);
  return formatDuration(step.endedAtMs - step.startedAtMs);
}

function whatNext(operation: Operation, nowMs: number): string | null {
  if (isEnded(operation)) return null;
  if (operation.waitingBehind !== null) {
    return `Waits for ${operation.waitingBehind}, which works on ${operation.agent ?? "the same thing"} now.`;
  }
  if (operation.state === "queued") {
    if (nowMs - operation.requestedAtMs < LONELY_MS) return "Waiting for a free worker.";
    return "No worker has taken it yet. It is safe in the queue; is `creel worker` running?";
  }
  const next = operation.steps.find((step) => step.state === "pending");
  return next === undefined ? "This is the last step." : `Next: ${lowerFirst(next.title)}`;
}

/** An operation that has ended. */
export function renderOutcome(operation: Operation): Message {
  const took = formatDuration((operation.endedAtMs ?? operation.requestedAtMs) - operation.requestedAtMs);
  const actions = nextAfter(operation).map((line) => actionFor(line, operation));
  if (operation.state === "succeeded") {
    const fields: Block = { type: "fields", fields: facts(operation) };
    return message(`${done(operation)} in ${took}.`, "good", [fields], { actions });
  }
  const { failure } = operation;
  const failed = operation.steps.find((step) => step.state === "failed");
  const leftBehind = failure?.leftBehind ?? [];
  const title =
    operation.state === "cancelled"
      ? `${doing(operation)} was cancelled after ${took}.`
      : `${doing(operation)} failed after ${took}${failed === undefined ? "." : `, at “${failed.title}”.`}`;
  const blocks = [
    operation.state === "cancelled" ? null : text(failure?.userMessage ?? "The reason was not written down."),
    text(failure?.hint ?? null),
    failure === null || failure.evidence.length === 0 ? null : text("The last lines that explain it:"),
    { type: "log" as const, lines: failure?.evidence ?? [] },
    leftBehind.length === 0 ? text("Nothing was left behind.") : null,
    { type: "list" as const, title: "What exists now", items: leftBehind },
    { type: "fields" as const, fields: [{ name: "Operation", value: operation.id }] },
  ];
  return message(title, operation.state === "cancelled" ? "plain" : "bad", blocks, { actions });
}
