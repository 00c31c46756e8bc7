import type { Operation } from "../../core/operation.ts";
import { renderProgress, renderStep } from "../render/operation.ts";
import { startedLine } from "../render/terminal.ts";
import { mark } from "./look.ts";
import { paint, paintSteps } from "./paint.ts";
import { createLiveRegion, type Screen } from "./screen.ts";
import { clean, wrap } from "./text-width.ts";

/** Shows one operation while it goes on. */
export interface ProgressView {
  show(operation: Operation): void;
  /** Draws what is not drawn yet and stops for good. Idempotent. */
  close(): void;
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
  const draw = () => {
    if (latest === null) return;
    dirty = false;
    lastDrawMs = now();
    region.draw(fitToHeight(latest, lastDrawMs, screen, rows()));
  };
  const tick = setInterval(() => {
    const due = dirty ? REDRAW_MS : TICK_MS;
    if (now() - lastDrawMs >= due) draw();
  }, REDRAW_MS);
  return {
    show(operation) {
      const first = latest === null;
      latest = operation;
      dirty = true;
      if (first) draw();
    },
    close() {
      clearInterval(tick);
      if (dirty) draw();
    },
  };
}

/** On a low terminal finished steps make room: the bar counts them anyway. */
function fitToHeight(operation: Operation, nowMs: number, screen: Screen, rows: number): string[] {
  const look = screen.look();
  // Nothing can be typed meanwhile; Ctrl-C says what can be done.
  const whole = { ...renderProgress(operation, nowMs), actions: [] };
  let lines = paint(whole, look);
  for (let hidden = 1; lines.length > rows - 1 && hidden <= operation.steps.length; hidden += 1) {
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
  const line = (content: string) => screen.write(`${content}\n`);
  return {
    show(operation) {
      if (!started) {
        started = true;
        line(wrap(clean(startedLine(operation)), screen.look().columns).join("\n"));
      }
      const ended = operation.steps
        .filter((step) => (step.state === "done" || step.state === "failed") && !printed.has(step.name))
        .sort((a, b) => (a.endedAtMs ?? 0) - (b.endedAtMs ?? 0));
      for (const step of ended) {
        printed.add(step.name);
        // Padded to a common width, as the live view does.
        const all = paintSteps(
          operation.steps.map((each) => renderStep({ ...each, detail: null }, now())),
          screen.look(),
        );
        line(`  ${all[operation.steps.indexOf(step)] ?? ""}`);
      }
      const busy = operation.steps.find((step) => step.state === "running" && step.detail !== null);
      if (busy?.detail == null || busy.detail === lastDetail || now() - lastDetailMs < DETAIL_EVERY_MS) return;
      lastDetail = busy.detail;
      lastDetailMs = now();
      line(`  ${mark(screen.look(), "running")} ${clean(`${busy.title}: ${busy.detail}`)}`);
    },
    close() {
      lastDetail = "";
    },
  };
}
