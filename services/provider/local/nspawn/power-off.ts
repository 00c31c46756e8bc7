import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isErrno } from "../../../../src/core/errno.ts";
import { stopped } from "../../../../src/core/errors.ts";
import type { HostIdentity } from "../identity.ts";
import { controlGroup } from "./cgroup.ts";
import { kernelIds } from "./whereabouts.ts";

/** SIGRTMIN+4, which systemd takes as the wish to power off. */
const POWER_OFF = 38;
/** One that is still starting hears nothing yet, so it is asked again. */
const ASK_AGAIN_MS = 1000;
/** Longer than systemd gives its services to end. */
const PATIENCE_MS = 100_000;
const POLL_MS = 50;

/** Tells the system of the host to end, and waits until it has, or for as long as is fair. @throws OpsError as an aborted `signal` says. */
export async function endInOrder(identity: HostIdentity, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (const id of await kernelIds(identity)) {
    const group = await controlGroup(id);
    let askAtMs = 0;
    while ((await group.isPopulated()) && performance.now() < deadline) {
      if (signal.aborted) throw stopped(signal);
      if (performance.now() >= askAtMs) {
        for (const pid of await firstProcessesIn(join(group.path, "guest"))) send(pid, POWER_OFF);
        askAtMs = performance.now() + ASK_AGAIN_MS;
      }
      await delay(POLL_MS);
    }
  }
}

/** Those that are number one inside of the host, and not inside of a container there. */
async function firstProcessesIn(group: string): Promise<number[]> {
  const inside = await readdir(group, { recursive: true, withFileTypes: true }).catch(() => []);
  const folders = inside.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  const texts = await Promise.all(
    [group, ...folders].map((folder) => readFile(join(folder, "cgroup.procs"), "utf8").catch(() => "")),
  );
  const pids = texts.flatMap((text) => text.split("\n").map(Number)).filter((pid) => pid > 1);
  const found = await Promise.all(pids.map(async (pid) => ((await isFirst(pid)) ? [pid] : [])));
  return found.flat();
}

async function isFirst(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return /^NSpid:\t\d+\t1$/m.test(status);
}

function send(pid: number, signal: number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isErrno(error, "ESRCH")) throw error;
  }
}
