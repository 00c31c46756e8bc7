import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseOperationId } from "../../src/core/names.ts";
import { findStep, isEnded, type Operation } from "../../src/core/operation.ts";
import type { Installation, RunningCreel } from "../e2e/creel.ts";
import { until } from "../e2e/observe.ts";

const PATIENCE_MS = 180_000;

interface CarriedOut {
  readonly operation: Operation;
  /** From the typed line until `shown` was printed; ms. */
  readonly shownMs: number;
}

/** Types a line that begins an operation; `shown` matches what is printed at its end, and nothing before. @throws Error when it fails. */
export async function carryOut(
  { stateDir }: Pick<Installation, "stateDir">,
  running: RunningCreel,
  line: string,
  shown: RegExp,
): Promise<CarriedOut> {
  const before = running.output().length;
  const typedMs = performance.now();
  running.type(line);
  const id = await after(running, before, /operation ([0-9a-z]{16})/);
  await after(running, before, shown);
  const shownMs = performance.now() - typedMs;
  const socketPath = join(stateDir, "redis", "redis.sock");
  const operation = await until({ socketPath }, parseOperationId(id), isEnded);
  if (operation.state !== "succeeded")
    throw new Error(`${line}: ${operation.state}\n${running.output().slice(before)}`);
  return { operation, shownMs };
}

/** The first group of the first match in what is printed after the first `from` characters. @throws Error with that when it does not come. */
async function after(running: RunningCreel, from: number, pattern: RegExp): Promise<string> {
  const missing = delay(PATIENCE_MS, null, { ref: false });
  const found = await Promise.race([running.printed(new RegExp(`^[^]{${from}}[^]*?${pattern.source}`)), missing]);
  if (found === null) throw new Error(`It did not print ${pattern}, but:\n${running.output().slice(from)}`);
  return found[1] ?? "";
}

/** ms from being asked for to its end, or to the end of a step. */
export function tookMs(operation: Operation, step?: string): number {
  const ended = step === undefined ? operation.endedAtMs : findStep(operation, step)?.endedAtMs;
  return (ended ?? Number.NaN) - operation.requestedAtMs;
}

/** ms of every step that was made, by name, and of what is before the first. */
export function stepTimes({ requestedAtMs, steps }: Operation): Record<string, number> {
  const made = steps.flatMap(({ name, startedAtMs, endedAtMs }) =>
    startedAtMs === null || endedAtMs === null ? [] : [[name, endedAtMs - startedAtMs] as const],
  );
  const first = steps.find(({ startedAtMs }) => startedAtMs !== null)?.startedAtMs ?? Number.NaN;
  return { "before the first step": first - requestedAtMs, ...Object.fromEntries(made) };
}
