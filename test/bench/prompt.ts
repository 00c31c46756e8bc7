import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, type Result, round } from "./results.ts";
import { openTerminal } from "./terminal.ts";

const ROUNDS = 5;

/** From starting `creel start` to the first byte of its prompt: set-up check and embedded Redis included. */
export async function prompt(): Promise<Result> {
  const cold: number[] = [];
  const warm: number[] = [];
  const node: number[] = [];
  for (let number = 0; number < ROUNDS; number += 1) {
    const cache = mkdtempSync(join(tmpdir(), "creel-cache-"));
    try {
      cold.push(await untilPrompt(cache));
      warm.push(await untilPrompt(cache));
      node.push(bareNode());
    } finally {
      rmSync(cache, { recursive: true, force: true });
    }
  }
  return {
    notes: [
      `Medians of ${ROUNDS}, alternating. Cold: no compiled code kept from an earlier start, as after an update; warm: every other start.`,
      "Baseline: `node -e 0` from start to end.",
    ],
    figures: [
      { what: "prompt, warm", value: median(warm), unit: "ms", target: 1500 },
      { what: "prompt, cold", value: median(cold), unit: "ms", target: 1500 },
      { what: "node -e 0", value: median(node), unit: "ms" },
      { what: "warm prompt / node -e 0", value: median(warm) / median(node), unit: "x" },
    ],
    raw: { cold, warm, node },
  };
}

async function untilPrompt(cache: string): Promise<number> {
  await using terminal = await openTerminal(cache);
  return round(terminal.promptMs);
}

function bareNode(): number {
  const startedMs = performance.now();
  execFileSync(process.execPath, ["-e", "0"]);
  return round(performance.now() - startedMs);
}
