import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, loadavg, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: "ms" | "s" | "MB" | "x" | "commands" | "calls";
  /** At most this much; absent where nothing was promised. */
  readonly target?: number;
}

export interface Result {
  /** What was done and what it is compared with, one sentence each. */
  readonly notes: readonly string[];
  readonly figures: readonly Figure[];
  /** Everything that was measured. Long lists of numbers are written down as their distribution. */
  readonly raw: object;
}

const MOST_SAMPLES = 10;
const FOLDER = fileURLToPath(new URL("../../bench/results/", import.meta.url));
/** Before anything of ours runs: how busy others keep the machine. */
const loadBefore = loadavg();

export function print({ notes, figures }: Result): void {
  const width = Math.max(...figures.map(({ what }) => what.length));
  for (const { what, value, unit, target } of figures) {
    const verdict = target === undefined ? "" : `${value <= target ? "met" : "NOT MET"} (at most ${target} ${unit})`;
    console.log(`  ${what.padEnd(width)}  ${String(round(value)).padStart(9)} ${unit.padEnd(8)}  ${verdict}`.trimEnd());
  }
  for (const note of notes) console.log(`  ${note}`);
}

export async function write(part: string, { notes, figures, raw }: Result): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const rounded = figures.map((figure) => ({
    ...figure,
    value: round(figure.value),
    ...(figure.target === undefined ? {} : { met: figure.value <= figure.target }),
  }));
  const content = { part, measuredAt: new Date().toISOString(), machine: machine(), figures: rounded, notes, raw };
  await writeFile(`${FOLDER}${part}.json`, `${JSON.stringify(content, briefly, 2)}\n`);
}

/** For JSON. Nobody reads a thousand samples, and every run would change each of them. */
function briefly(_key: string, value: unknown): unknown {
  const isLong = Array.isArray(value) && value.length > MOST_SAMPLES && value.every((one) => typeof one === "number");
  if (!isLong) return value;
  const at = (share: number) => round(percentile(value, share));
  return { count: value.length, min: at(0), p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

function machine() {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 2 ** 20),
    loadBefore: loadBefore.map(round),
    kernel: firstLine("uname", "-sr"),
    node: process.version,
    redis: firstLine("redis-server", "--version"),
    systemd: firstLine("systemd-nspawn", "--version"),
  };
}

function firstLine(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: "utf8" }).split("\n")[0] ?? "";
}

/** `share` from 0 to 1; the value that this share of all is not above. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(at)] ?? Number.NaN) + (sorted[Math.ceil(at)] ?? Number.NaN)) / 2;
}

export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
