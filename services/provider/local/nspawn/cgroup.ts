import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isErrno } from "../../../../src/core/errno.ts";
import { OpsError } from "../../../../src/core/errors.ts";

const KILL_TIMEOUT_MS = 10_000;
const POLL_MS = 10;

interface Limits {
  readonly memoryMb: number;
  readonly cpus: number;
}

/** One control group (v2) per host: whatever the host started is in it, so nothing survives its end. */
export interface ControlGroup {
  readonly path: string;
  /** Removes an earlier one with everything in it. Returns the controllers that hosts can use. */
  create(limits: Limits): Promise<readonly string[]>;
  isPopulated(): Promise<boolean>;
  /** Idempotent. @throws OpsError `provider-failed` when processes do not die. */
  remove(): Promise<void>;
}

/** Holds the groups of all hosts on this machine, of whatever state folder. */
export async function groupsDirectory(): Promise<string> {
  return join(await unifiedHierarchy(), "creel");
}

export async function controlGroup(id: string): Promise<ControlGroup> {
  const top = await unifiedHierarchy();
  const parent = await groupsDirectory();
  const path = join(parent, id);

  async function create({ memoryMb, cpus }: Limits): Promise<readonly string[]> {
    await remove();
    await mkdir(path, { recursive: true });
    const usable = await usableControllers();
    for (const group of [top, parent, path]) await delegate(group, usable);
    // Without the controllers (on hybrid hierarchies) the sizes are advice only.
    if (usable.includes("memory")) await writeFile(join(path, "memory.max"), String(memoryMb * 2 ** 20));
    if (usable.includes("cpu")) await writeFile(join(path, "cpu.max"), `${cpus * 100_000} 100000`);
    return usable;
  }

  async function isPopulated(): Promise<boolean> {
    try {
      return /^populated 1$/m.test(await readFile(join(path, "cgroup.events"), "utf8"));
    } catch (error) {
      if (isErrno(error, "ENOENT") || isErrno(error, "ENODEV")) return false;
      throw error;
    }
  }

  async function remove(): Promise<void> {
    if (await isPopulated()) await writeFile(join(path, "cgroup.kill"), "1");
    const deadline = performance.now() + KILL_TIMEOUT_MS;
    while (!(await removed(path))) {
      if (performance.now() > deadline) {
        throw new OpsError({
          code: "provider-failed",
          userMessage: `Processes in ${path} do not end.`,
          retry: "later",
        });
      }
      await delay(POLL_MS);
    }
  }

  return { path, create, isPopulated, remove };
}

/** Which of the controllers that hosts want this machine has: on hybrid hierarchies perhaps none. @throws OpsError `tool-missing`. */
export async function usableControllers(): Promise<readonly string[]> {
  const controllers = (await readFile(join(await unifiedHierarchy(), "cgroup.controllers"), "utf8")).trim().split(" ");
  return ["cpu", "memory", "pids"].filter((name) => controllers.includes(name));
}

async function delegate(group: string, controllers: readonly string[]): Promise<void> {
  if (controllers.length === 0) return;
  const enabled = (await readFile(join(group, "cgroup.subtree_control"), "utf8")).trim().split(" ");
  const missing = controllers.filter((name) => !enabled.includes(name));
  if (missing.length > 0) {
    await writeFile(join(group, "cgroup.subtree_control"), missing.map((name) => `+${name}`).join(" "));
  }
}

async function unifiedHierarchy(): Promise<string> {
  for (const path of ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"]) {
    const controllers = await readFile(join(path, "cgroup.controllers"), "utf8").catch(() => null);
    if (controllers !== null) return path;
  }
  throw new OpsError({
    code: "tool-missing",
    userMessage: "This machine has no control groups of version 2.",
    hint: "Use the qemu driver (local.driver in creel.yaml), or boot with systemd.unified_cgroup_hierarchy=1.",
  });
}

/** Removes the group and its children; false while something in it is still alive. */
async function removed(path: string): Promise<boolean> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    for (const entry of entries) if (entry.isDirectory() && !(await removed(join(path, entry.name)))) return false;
    await rmdir(path);
    return true;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return true;
    if (isErrno(error, "EBUSY") || isErrno(error, "ENOTEMPTY")) return false;
    throw error;
  }
}
