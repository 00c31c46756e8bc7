import { isEnded, isUndoing, type Operation, type StepRecord } from "../../core/operation.ts";
import {
  begun,
  renderOutcome,
  renderOutcomeWithSteps,
  renderProgress,
  renderStep,
  undoingTitle,
  waitsForWhom,
} from "../render/operation.ts";
import { startedLine } from "../render/terminal.ts";
import { mark } from "./look.ts";
import { paint, paintSteps } from "./paint.ts";
import { createLiveRegion, type Screen } from "./screen.ts";
import { clean, wrap } from "./text-width.ts";

/** Shows one operation while it goes on. */
export interface ProgressView {
  show(operation: Operation): void;
  /** The screen was somebody else's meanwhile. */
  redraw(): void;
  /** Draws what is not drawn yet, unless that has ended, and stops for good. Idempotent. */
  close(): void;
  /** How it ended, in the place of what was shown. Once, after `close`. */
  end(operation: Operation): void;
}

/** Redraws come at most this often, however fast the operation changes. */
const REDRAW_MS = 100;
/** Elapsed times move even when nothing else does. */
const TICK_MS = 500;
/** A step's own words may change many times a second. */
const DETAIL_EVERY_MS = 2000;

/** Redrawn in place. */
export function createLiveProgress(screen: Screen, rows: () => number, now: () => number): ProgressView {
  const region = createLiveRegion(screen, rows);
  let latest: Operation | null = null;
  let dirty = false;
  let lastDrawMs = 0;
  // From the last change on it is the time that passes which counts: the clock may be set meanwhile.
  let seen = { atMs: 0, elapsedMs: 0 };
  const draw = () => {
    if (latest === null) return;
    dirty = false;
    lastDrawMs = performance.now();
    region.draw(fitToHeight(latest, seen.atMs + lastDrawMs - seen.elapsedMs, screen, rows()));
  };
  const tick = setInterval(() => {
    const due = dirty ? REDRAW_MS : TICK_MS;
    if (performance.now() - lastDrawMs >= due) draw();
  }, REDRAW_MS);
  return {
    show(operation) {
      const first = latest === null;
      latest = operation;
      seen = { atMs: now(), elapsedMs: performance.now() };
      dirty = true;
      if (first) draw();
    },
    redraw() {
      region.letGo();
      draw();
    },
    close() {
      clearInterval(tick);
      if (dirty && latest !== null && !isEnded(latest)) draw();
    },
    end(operation) {
      if (latest !== null) region.draw([]);
      screen.print(renderOutcomeWithSteps(operation));
    },
  };
}

/** On a low terminal finished steps make room: the bar counts them anyway. */
function fitToHeight(operation: Operation, nowMs: number, screen: Screen, rows: number): string[] {
  const look = screen.look();
  // Nothing can be typed meanwhile; Ctrl-C says what can be done.
  const whole = { ...renderProgress(operation, nowMs), actions: [] };
  let lines = paint(whole, look);
  for (let hidden = 1; lines.length > rows - 1 && hidden <= begun(operation).length; hidden += 1) {
    const blocks = whole.blocks.map((block) =>
      block.type === "steps" ? { ...block, steps: dropFinished(block.steps, hidden) } : block,
    );
    lines = paint({ ...whole, blocks }, look);
  }
  return lines;
}

function dropFinished<Step extends { readonly mark: string }>(steps: readonly Step[], count: number): Step[] {
  let left = count;
  const active = steps.filter((step) => {
    if (step.mark !== "done" || left === 0) return true;
    left -= 1;
    return false;
  });
  return active.slice(0, active.length - left);
}

/** For pipes, files and dumb terminals: every step is one plain line, printed when it ends. */
export function createPlainProgress(screen: Screen, now: () => number): ProgressView {
  const printed = new Set<string>();
  let lastDetail = "";
  let lastDetailMs = Number.NEGATIVE_INFINITY;
  let started = false;
  let undoing = false;
  let waits: string | null = null;
  const line = (content: string) => screen.write(`${content}\n`);
  const say = (words: string) => line(wrap(clean(words), screen.look().columns).join("\n"));
  const printEnded = (of: readonly StepRecord[], all: readonly StepRecord[]) => {
    const ended = of
      .filter((step) => (step.state === "done" || step.state === "failed") && !printed.has(step.name))
      .sort((a, b) => (a.endedAtMs ?? 0) - (b.endedAtMs ?? 0));
    for (const step of ended) {
      printed.add(step.name);
      // Padded to a common width, as the live view does.
      const lines = paintSteps(
        all.map((each) => renderStep({ ...each, detail: null }, now())),
        screen.look(),
      );
      line(`  ${lines[all.indexOf(step)] ?? ""}`);
    }
  };
  return {
    show(operation) {
      if (!started) {
        started = true;
        undoing = isUndoing(operation);
        say(startedLine(operation));
      }
      const before = waits;
      waits = waitsForWhom(operation);
      if (waits !== null && waits !== before) say(waits);
      const { undo } = operation;
      const steps = begun(operation);
      printEnded(
        steps.filter((step) => !undo.includes(step)),
        steps,
      );
      if (undo.length > 0 && !undoing) {
        undoing = true;
        say(undoingTitle(operation));
      }
      printEnded(undo, steps);
      const busy = steps.find((step) => step.state === "running" && step.detail !== null);
      const elapsedMs = performance.now();
      if (busy?.detail == null || busy.detail === lastDetail || elapsedMs - lastDetailMs < DETAIL_EVERY_MS) return;
      lastDetail = busy.detail;
      lastDetailMs = elapsedMs;
      line(`  ${mark(screen.look(), "running")} ${clean(`${busy.title}: ${busy.detail}`)}`);
    },
    redraw: () => undefined,
    close() {
      lastDetail = "";
    },
    end: (operation) => screen.print(renderOutcome(operation)),
  };
}
