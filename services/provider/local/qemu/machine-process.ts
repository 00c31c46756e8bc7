import { readdir, readFile, readlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isErrno } from "../../../../src/core/errno.ts";
import { OpsError } from "../../../../src/core/errors.ts";
import { type HostIdentity, isSameFile, NOT_RUNNING, type Whereabouts } from "../identity.ts";
import type { RunningHost } from "../running.ts";

const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 20;
const PID_FILE = "qemu.pid";
const NAME_PREFIX = "creel-";
const DELETED = / \(deleted\)$/;

interface Found {
  readonly pid: number;
  /** In clock ticks since the boot: with the pid it names one process for good. */
  readonly startedAt: string;
}

/** What the machine is called among this machine's processes. */
export function machineName(name: string): string {
  return `${NAME_PREFIX}${name}`;
}

export function pidFile(folder: string): string {
  return join(folder, PID_FILE);
}

/**
 * The running qemu of the host; null when there is none. It is told by its arguments, because its folder may have been moved or lost: a
 * recycled pid is never taken for it.
 */
export async function findMachine({ name, folder }: HostIdentity): Promise<Found | null> {
  const noted = Number.parseInt(await readFile(pidFile(folder), "utf8").catch(() => ""), 10);
  const known = noted > 1 ? await asMachine(noted, name) : null;
  if (known !== null) return known;
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 1);
  const found = await Promise.all(pids.map((pid) => asMachine(pid, name)));
  return found.find((machine) => machine !== null) ?? null;
}

/** Whether the machine runs, and whether it does so from this folder: it keeps the file with its pid open, wherever that is moved. */
export async function whereabouts(identity: HostIdentity): Promise<Whereabouts> {
  const machine = await findMachine(identity);
  if (machine === null) return NOT_RUNNING;
  const own = await openPidFile(machine.pid);
  if (own === null || DELETED.test(own.path)) return { running: true, elsewhere: null };
  const isHere = await isSameFile(own.link, pidFile(identity.folder));
  return { running: true, elsewhere: isHere ? null : dirname(own.path) };
}

/** The machines of every state folder whose processes this user may look into. */
export async function runningMachines(): Promise<RunningHost[]> {
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 1);
  const found = await Promise.all(
    pids.map(async (pid): Promise<RunningHost[]> => {
      const name = await nameOfMachine(pid);
      const own = name === null ? null : await openPidFile(pid);
      if (own === null) return [];
      const folder = dirname(own.path.replace(DELETED, ""));
      return [{ name, folder, isDeleted: DELETED.test(own.path), isOf: () => false, end: `kill ${pid}` }];
    }),
  );
  return found.flat();
}

/** Idempotent; returns when the process has gone. @throws OpsError `provider-failed` when it does not go. */
export async function killMachine(identity: HostIdentity): Promise<void> {
  const found = await findMachine(identity);
  if (found === null) return;
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const until = signal === "SIGTERM" ? performance.now() + STOP_TIMEOUT_MS / 2 : deadline;
    while ((await startTime(found.pid)) === found.startedAt && performance.now() < until) {
      sendSignal(found.pid, signal);
      await delay(POLL_MS);
    }
  }
  if ((await startTime(found.pid)) !== found.startedAt) return;
  throw new OpsError({
    code: "provider-failed",
    userMessage: `The virtual machine ${identity.name} does not end (pid ${found.pid}).`,
    retry: "later",
  });
}

async function asMachine(pid: number, name: string): Promise<Found | null> {
  if ((await nameOfMachine(pid)) !== name) return null;
  const startedAt = await startTime(pid);
  return startedAt === null ? null : { pid, startedAt };
}

/** null for every other process. */
async function nameOfMachine(pid: number): Promise<string | null> {
  const argv = (await readProc(pid, "cmdline"))?.split("\0") ?? [];
  const called = argv[argv.indexOf("-name") + 1] ?? "";
  const isIt = called.startsWith(NAME_PREFIX) && basename(argv[argv.indexOf("-pidfile") + 1] ?? "") === PID_FILE;
  return isIt ? called.slice(NAME_PREFIX.length) : null;
}

async function openPidFile(pid: number): Promise<{ readonly link: string; readonly path: string } | null> {
  const folder = `/proc/${pid}/fd`;
  // It may end at any moment.
  const links = await readdir(folder).catch(() => []);
  for (const link of links.map((number) => join(folder, number))) {
    const path = await readlink(link).catch(() => "");
    if (basename(path.replace(DELETED, "")) === PID_FILE) return { link, path };
  }
  return null;
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
    if (["ENOENT", "ESRCH", "EACCES"].some((code) => isErrno(error, code))) return null;
    throw error;
  }
}
