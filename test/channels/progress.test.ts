import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createLiveProgress, createPlainProgress } from "../../src/channels/console/progress.ts";
import { createScreen } from "../../src/channels/console/screen.ts";
import { makeOperationId, parseAgentName } from "../../src/core/names.ts";
import { describeStep, finishStep, newOperation, type Operation, start, startStep } from "../../src/core/operation.ts";
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

test("plain progress prints each finished step once and what goes on inside a long one now and then", () => {
  const { output, screen } = stream();
  let nowMs = 10_000;
  const view = createPlainProgress(screen, () => nowMs);
  const stages = ["one", "one", "two", "three"];
  for (const stage of stages) {
    view.show(describeStep(deploy(1), "s1", stage));
    nowMs += 1_500;
  }
  view.show(deploy(2));
  view.close();
  const lines: string[] = output.read().trimEnd().split("\n");
  expect(lines.slice(1)).toEqual(["  ✓ Step 0   1.0 s", "  ● Step 1: one", "  ● Step 1: two", "  ✓ Step 1   1.0 s"]);
});
