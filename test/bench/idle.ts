import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Result } from "./results.ts";
import { sample } from "./sample.ts";
import { openTerminal } from "./terminal.ts";

const SETTLE_MS = 10_000;
const WATCH_MS = 20_000;
/** A tenth of a percent of one processor, which `ps` and `top` show as nothing. */
const MEASURABLE_MS = (WATCH_MS * 0.1) / 100;

/** What Creel takes while nobody wants anything of it, with its prompt open, beside a bare Node that only has a timer. */
export async function idle(): Promise<Result> {
  await using stack = new AsyncDisposableStack();
  const cache = mkdtempSync(join(tmpdir(), "creel-cache-"));
  stack.defer(() => rmSync(cache, { recursive: true, force: true }));
  // Most starts find compiled code.
  await (await openTerminal(cache))[Symbol.asyncDispose]();
  const terminal = stack.use(await openTerminal(cache));
  const bare = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  stack.defer(() => void bare.kill());
  const pids = {
    creel: terminal.pid(),
    redis: Number(readFileSync(join(terminal.stateDir, "redis", "redis.pid"), "utf8")),
    node: bare.pid ?? 0,
  };
  await delay(SETTLE_MS);
  const before = sample(pids);
  await delay(WATCH_MS);
  const after = sample(pids);
  const cpu = (name: keyof typeof pids) => after[name].cpuMs - before[name].cpuMs;
  return {
    notes: [
      `Memory ${SETTLE_MS / 1000} s after the prompt, processor time over the ${WATCH_MS / 1000} s after that, from the scheduler's own count.`,
      "Baseline: `node -e` with one timer a second, at the same time.",
    ],
    figures: [
      { what: "Creel, resident memory", value: before.creel.rssMb, unit: "MB", target: 150 },
      { what: "Creel, processor in 20 s", value: cpu("creel"), unit: "ms", target: MEASURABLE_MS },
      { what: "its Redis, resident memory", value: before.redis.rssMb, unit: "MB" },
      { what: "its Redis, processor in 20 s", value: cpu("redis"), unit: "ms" },
      { what: "bare node, resident memory", value: before.node.rssMb, unit: "MB" },
      { what: "bare node, processor in 20 s", value: cpu("node"), unit: "ms" },
      { what: "memory, Creel / bare node", value: before.creel.rssMb / before.node.rssMb, unit: "x" },
    ],
    raw: { before, after },
  };
}
