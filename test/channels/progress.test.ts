import { PassThrough } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import { createLiveProgress, createPlainProgress } from "../../src/channels/console/progress.ts";
import { createScreen } from "../../src/channels/console/screen.ts";
import { OpsError } from "../../src/core/errors.ts";
import { makeOperationId, parseAgentName } from "../../src/core/names.ts";
import {
  beginUndo,
  describeStep,
  fail,
  failureFrom,
  finishStep,
  newOperation,
  type Operation,
  resume,
  start,
  startStep,
  stick,
  succeed,
  waitFor,
} from "../../src/core/operation.ts";
import { owner } from "../desk/world.ts";
import { screenAfter } from "./screen-emulator.ts";

const STEPS = Array.from({ length: 12 }, (_, index) => ({ name: `s${index}`, title: `Step ${index}` }));

function deploy(finished: number): Operation {
  const agent = parseAgentName("ada");
  const id = makeOperationId(0, () => 0);
  const fresh = newOperation(
    { id, kind: "deploy", version: 1, params: {}, agent, requestedBy: owner, steps: STEPS },
    0,
  );
  let operation = start(fresh, 0);
  for (let index = 0; index < finished; index += 1) {
    operation = finishStep(startStep(operation, `s${index}`, 0), `s${index}`, null, 1_000);
  }
  return startStep(operation, `s${finished}`, 1_000);
}

function stream() {
  const output = new PassThrough({ encoding: "utf8", highWaterMark: 1e6 });
  return { output, screen: createScreen(output, true, () => ({ columns: 60, color: false })) };
}

afterEach(() => {
  vi.useRealTimers();
});

test("a thousand changes at once are drawn twice: the first and the last", () => {
  const { output, screen } = stream();
  const view = createLiveProgress(
    screen,
    () => 40,
    () => 2_000,
  );
  for (let count = 0; count < 1_000; count += 1) view.show(deploy(count % 11));
  view.show(deploy(11));
  view.close();
  view.close();
  const written: string = output.read();
  expect(written.split("\x1b[J")).toHaveLength(3);
  expect(screenAfter(written, 60).join("\n")).toMatch(/11 of 12 · 2 s\n/);
});

test("on a low terminal finished steps give way to what goes on", () => {
  const { output, screen } = stream();
  const view = createLiveProgress(
    screen,
    () => 8,
    () => 2_000,
  );
  view.show(deploy(9));
  view.close();
  const lines = screenAfter(output.read(), 60);
  expect(lines.length).toBeLessThanOrEqual(8);
  expect(lines[0]).toBe("Deploying ada");
  expect(lines).toContain("  ● Step 9   1 s");
  expect(lines.join("\n")).not.toContain("Step 7");
});

test("it moves on when the clock is set back, and tells the time that passes", () => {
  vi.useFakeTimers();
  const { output, screen } = stream();
  let nowMs = 2_000;
  const view = createLiveProgress(
    screen,
    () => 40,
    () => nowMs,
  );
  view.show(deploy(3));
  nowMs -= 60 * 60_000;
  vi.advanceTimersByTime(5_000);
  expect(screenAfter(output.read(), 60)).toContain("  ● Step 3   6 s");
  view.show(describeStep(deploy(3), "s3", "half of it"));
  vi.advanceTimersByTime(500);
  view.close();
  expect(output.read()).toContain("half of it");
});

test("what has ended is told in the place of its progress, with one line for all that was done", () => {
  const { output, screen } = stream();
  const view = createLiveProgress(
    screen,
    () => 40,
    () => 2_000,
  );
  view.show(deploy(11));
  const ended = succeed(finishStep(deploy(11), "s11", null, 2_000), { version: "2026.9.6" }, 2_000);
  view.show(ended);
  view.close();
  view.end(ended);
  expect(screenAfter(output.read(), 60).slice(0, 3)).toEqual([
    "✓ Deployed ada in 2.0 s.",
    "  ✓ 12 steps  2.0 s",
    "  OpenClaw  2026.9.6",
  ]);
});

test("plain progress prints each finished step once and what goes on inside a long one now and then", () => {
  vi.useFakeTimers();
  const { output, screen } = stream();
  // However the clock is set meanwhile.
  let nowMs = 10_000;
  const view = createPlainProgress(screen, () => nowMs);
  const stages = ["one", "one", "two", "three"];
  for (const stage of stages) {
    view.show(describeStep(deploy(1), "s1", stage));
    vi.advanceTimersByTime(1_500);
    nowMs -= 60_000;
  }
  view.show(deploy(2));
  view.close();
  const lines: string[] = output.read().trimEnd().split("\n");
  expect(lines.slice(1)).toEqual(["  ✓ Step 0   1.0 s", "  ● Step 1: one", "  ● Step 1: two", "  ✓ Step 1   1.0 s"]);
});

test("plain progress prints what is undone, and after a retry nothing of before", () => {
  const cancelled = failureFrom(new OpsError({ code: "cancelled", userMessage: "Cancelled." }));
  const undo = ["one", "two"].map((name) => ({ name, title: `Undo ${name}` }));
  const printed = (...states: readonly Operation[]) => {
    const { output, screen } = stream();
    const view = createPlainProgress(screen, () => 4_000);
    for (const state of states) view.show(state);
    view.close();
    return output.read().trimEnd().split("\n");
  };
  const undoing = startStep(beginUndo(deploy(1), cancelled, undo, 2_000), "one", 2_000);
  const asking = describeStep(undoing, "one", "503");
  const half = startStep(finishStep(undoing, "one", null, 3_000), "two", 3_000);
  const stuck = stick(half, cancelled, 4_000);
  const lines = ["  ✓ Undo one  1.0 s", "  ✗ Undo two  1.0 s"];
  const head = `(operation ${undoing.id})`;
  const title = "Deploying ada was cancelled; cleaning up";
  const own = ["  ✓ Step 0    1.0 s", "  ✗ Step 1    1.0 s"];
  expect(printed(deploy(1), undoing, asking, half, stuck)).toEqual([
    ...[`Deploying ada ${head}`, "  ✓ Step 0   1.0 s", "  ✗ Step 1    1.0 s", title],
    ...["  ● Undo one: 503", ...lines],
  ]);
  // Who sees only the end sees all of it, and who begins to watch meanwhile hears at once what it is about.
  expect(printed(deploy(0), stuck)).toEqual([`Deploying ada ${head}`, ...own, title, ...lines]);
  const wrapped = [`${title} (operation`, `${undoing.id})`];
  expect(printed(half).slice(0, 2)).toEqual(wrapped);
  const resumed = start(resume(stuck, 9_000), 9_000);
  const again = finishStep(startStep(resumed, "one", 9_000), "one", null, 10_000);
  expect(printed(resumed, again, fail(again, cancelled, 11_000))).toEqual([...wrapped, lines[0]]);
});

test("plain progress says who has to come before it goes on, once", () => {
  const { output, screen } = stream();
  const view = createPlainProgress(screen, () => 4_000);
  const waits = waitFor(deploy(0), "a worker at local@vm; none runs there now");
  for (const state of [waits, waits, deploy(0), deploy(1)]) view.show(state);
  view.close();
  expect(output.read().trimEnd().split("\n").slice(1)).toEqual([
    "Waits for a worker at local@vm; none runs there now.",
    "  ✓ Step 0   1.0 s",
  ]);
});
