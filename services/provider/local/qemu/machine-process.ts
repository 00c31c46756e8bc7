import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isErrno } from "../child.ts";

const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 20;

interface Found {
  readonly pid: number;
  /** In clock ticks since the boot: with the pid it names one process for good. */
  readonly startedAt: string;
}

/** The running qemu of the host in `folder`; null when there is none. A recycled pid is never taken for it. */
export async function findMachine(folder: string): Promise<Found | null> {
  const text = await readFile(pidFile(folder), "utf8").catch(() => null);
  if (text === null) return null;
  const pid = Number.parseInt(text, 10);
  if (!Number.isInteger(pid) || pid <= 1) return null;
  const startedAt = await startTime(pid);
  const argv = await readProc(pid, "cmdline");
  if (startedAt === null || argv === null || !argv.split("\0").includes(pidFile(folder))) return null;
  return { pid, startedAt };
}

export function pidFile(folder: string): string {
  return join(folder, "qemu.pid");
}

/** Idempotent; returns when the process has gone. */
export async function killMachine(folder: string): Promise<void> {
  const found = await findMachine(folder);
  if (found === null) return;
  const deadline = Date.now() + STOP_TIMEOUT_MS;
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const until = signal === "SIGTERM" ? Date.now() + STOP_TIMEOUT_MS / 2 : deadline;
    while ((await startTime(found.pid)) === found.startedAt && Date.now() < until) {
      sendSignal(found.pid, signal);
      await delay(POLL_MS);
    }
  }
}

function sendSignal(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, "ESRCH")) throw error;
  }
}

/** null when there is no such process, or only its remains. */
async function startTime(pid: number): Promise<string | null> {
  const stat = await readProc(pid, "stat");
  if (stat === null) return null;
  // The program's name may hold spaces and parentheses; what follows it does not.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" ? null : (fields[19] ?? null);
}

async function readProc(pid: number, file: string): Promise<string | null> {
  try {
    return await readFile(`/proc/${pid}/${file}`, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ESRCH")) return null;
    throw error;
  }
}
