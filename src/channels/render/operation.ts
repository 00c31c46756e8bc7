import { formatDuration, formatElapsed } from "../../core/measures.ts";
import { type Block, type Message, message, type StepLine, type Tone, text } from "../../core/message.ts";
import { askedAtMs, isEnded, isUndoing, type Operation, type StepRecord } from "../../core/operation.ts";
import { doing, done, lowerFirst, told, underWay, undoneWord } from "../../operations/words.ts";
import { actionFor, cancelAction } from "./actions.ts";

/** After this long in the queue, a person should hear that nobody works on it. */
const LONELY_MS = 10_000;

const TONES: Readonly<Record<Operation["state"], Tone>> = {
  queued: "progress",
  running: "progress",
  succeeded: "good",
  failed: "bad",
  cancelled: "plain",
  stuck: "bad",
};

/** An operation on its way; also its last state, which the outcome follows. */
export function renderProgress(operation: Operation, nowMs: number): Message {
  const elapsed = formatElapsed((operation.endedAtMs ?? nowMs) - askedAtMs(operation));
  const toDo = operation.undo.length > 0 ? operation.undo : begun(operation);
  const finished = toDo.filter((step) => step.state === "done").length;
  const bar: Block = { type: "bar", done: finished, total: toDo.length, note: elapsed };
  const steps: Block = { type: "steps", steps: begun(operation).map((step) => renderStep(step, nowMs)) };
  const actions = isEnded(operation) || isUndoing(operation) ? [] : [cancelAction(operation)];
  return message(progressTitle(operation), TONES[operation.state], [bar, steps, text(whatNext(operation, nowMs))], {
    actions,
  });
}

/** Such as `Deploying ada`, or `Deploying ada was cancelled; cleaning up`. */
export function progressTitle(operation: Operation): string {
  return isUndoing(operation) ? undoingTitle(operation) : doing(operation);
}

export function undoingTitle(operation: Operation): string {
  return `${doing(operation)} ${undoneWord(operation)}; cleaning up`;
}

/** What will not be done any more is not worth a line, nor what was told before it was asked to go on. */
export function begun({ state, steps, undo, resumedAtMs }: Operation): readonly StepRecord[] {
  if (state === "succeeded") return steps.filter((step) => step.state !== "pending");
  if (undo.length === 0) return steps;
  return resumedAtMs === null ? [...steps.filter(({ state }) => state !== "pending"), ...undo] : undo;
}

/** Before it is certain that somebody will ever change the message: true for ever, and nothing to press. */
export function renderAskedFor(operation: Operation): Message {
  return message(`Asked for: ${lowerFirst(underWay(operation))}.`, "plain", []);
}

/** The same for a phone: what is done is one line, and in the end it says how it ended in the words of the outcome. */
export function renderProgressBriefly(operation: Operation, nowMs: number): Message {
  const whole = renderProgress(operation, nowMs);
  const { title, tone } = isEnded(operation) ? renderOutcome(operation) : whole;
  const blocks = whole.blocks.flatMap((block): Block[] => {
    if (block.type === "steps") return [{ type: "steps", steps: collapsed(operation, nowMs) }];
    return block.type === "bar" && isEnded(operation) ? [] : [block];
  });
  return message(title, tone, blocks, { actions: whole.actions });
}

/** What is done as one line, then what is under way or has failed; what comes next is said below. */
function collapsed(operation: Operation, nowMs: number): StepLine[] {
  const isInOrder = isEnded(operation) && operation.state !== "stuck" && operation.resumedAtMs === null;
  const steps = isInOrder ? operation.steps : begun(operation);
  const done = steps.filter(({ state }) => state === "done");
  const others = steps.filter(({ state }) => state === "running" || state === "failed");
  const startMs = Math.min(...done.map(({ startedAtMs }) => startedAtMs ?? nowMs));
  const endMs = Math.max(...done.map(({ endedAtMs }) => endedAtMs ?? nowMs));
  const title = done.length === 1 ? "1 step" : `${done.length} steps`;
  const summary: StepLine = { mark: "done", title, time: timeIfWorthIt(endMs - startMs), detail: null };
  const lines = others.map((step) => ({ ...renderStep(step, nowMs), time: briefTime(step, nowMs) }));
  return done.length === 0 ? lines : [summary, ...lines];
}

function briefTime({ startedAtMs, endedAtMs }: StepRecord, nowMs: number): string | null {
  if (startedAtMs === null) return null;
  return endedAtMs === null ? formatElapsed(nowMs - startedAtMs) : timeIfWorthIt(endedAtMs - startedAtMs);
}

/** Nobody cares for parts of a second. */
function timeIfWorthIt(ms: number): string | null {
  return ms < 1_000 ? null : formatDuration(ms);
}

export function renderStep(step: StepRecord, nowMs: number): StepLine {
  return { mark: step.state, title: step.title, time: stepTime(step, nowMs), detail: step.detail };
}

function stepTime(step: StepRecord, nowMs: number): string | null {
  if (step.startedAtMs === null || step.state === "pending") return null;
  if (step.endedAtMs === null) return formatElapsed(nowMs - step.startedAtMs);
  return formatDuration(step.endedAtMs - step.startedAtMs);
}

/** Who has to come before it goes on; null when that is a matter of time. */
export function waitsForWhom(operation: Operation): string | null {
  return isEnded(operation) || operation.waitingFor === null ? null : `Waits for ${operation.waitingFor}.`;
}

function whatNext(operation: Operation, nowMs: number): string | null {
  if (isEnded(operation)) return null;
  const waits = waitsForWhom(operation);
  if (waits !== null) return waits;
  if (operation.waitingBehind !== null) {
    return `Waits for ${operation.waitingBehind}, which works on ${operation.agent ?? "the same thing"} now.`;
  }
  if (operation.state === "queued") {
    if (nowMs - askedAtMs(operation) < LONELY_MS) return "Waiting for a free worker.";
    return "No worker has had time for it yet. It is safe in the queue.";
  }
  if (isUndoing(operation)) return null;
  const next = operation.steps.find((step) => step.state === "pending");
  return next === undefined ? "This is the last step." : `Next: ${lowerFirst(next.title)}`;
}

/** The same, with what it did: for where its progress stood before. */
export function renderOutcomeWithSteps(operation: Operation): Message {
  const outcome = renderOutcome(operation);
  const steps = collapsed(operation, operation.endedAtMs ?? operation.requestedAtMs);
  return steps.length === 0 ? outcome : { ...outcome, blocks: [{ type: "steps", steps }, ...outcome.blocks] };
}

/** An operation that has ended. */
export function renderOutcome(operation: Operation): Message {
  const took = formatDuration((operation.endedAtMs ?? askedAtMs(operation)) - askedAtMs(operation));
  if (operation.state === "succeeded") return renderSuccess(operation, took);
  const { failure } = operation;
  const actions = (failure?.nextCommands ?? []).map((line) => actionFor(line, operation));
  const leftBehind = failure?.leftBehind ?? [];
  const title = `${doing(operation)} ${howItEnded(operation, took)}`;
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

function renderSuccess(operation: Operation, took: string): Message {
  const { title, said = null, facts = [], trouble = null, next = [] } = told(operation);
  const fields: Block = { type: "fields", fields: facts };
  const actions = next.map((line) => actionFor(line, operation));
  const whole = `${done(operation)} in ${took}`;
  if (trouble === null) return message(title ?? `${whole}.`, "good", [text(said), fields], { actions });
  return message(`${whole}, but ${trouble.but}.`, "plain", [text(trouble.why), fields], { actions });
}

/** Such as `failed after 12 s, at “Start the gateway”.` */
function howItEnded(operation: Operation, took: string): string {
  const failedIn = (steps: readonly StepRecord[]) => {
    const failed = steps.find((step) => step.state === "failed");
    return failed === undefined ? "." : `, at “${failed.title}”.`;
  };
  const why = undoneWord(operation);
  if (operation.state === "stuck") return `${why}, and cleaning up is stuck after ${took}${failedIn(operation.undo)}`;
  if (operation.resumedAtMs !== null) return `${why}; cleaning up has ended after ${took}.`;
  return `${why} after ${took}${why === "failed" ? failedIn(operation.steps) : "."}`;
}
