import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { isErrno } from "../../../../src/core/errno.ts";
import { OpsError } from "../../../../src/core/errors.ts";
import { type HostIdentity, isSameFile, kernelId, kernelIdOfPath, NOT_RUNNING, type Whereabouts } from "../identity.ts";
import type { RunningHost } from "../running.ts";
import { controlGroup, groupsDirectory } from "./cgroup.ts";

/** Arguments of `sh supervisor.sh` that say which host it keeps. */
const FOLDER_ARGUMENT = 4;
const NAME_ARGUMENT = 5;
const DELETED = / \(deleted\)$/;

/** What its network namespace is called. */
export function netnsOf(id: string): string {
  return `creel-${id}`;
}

/** The names that the host can have in the kernel's own spaces; the first one is for its next life. */
export async function kernelIds({ name, installation, folder }: HostIdentity): Promise<[string, ...string[]]> {
  if (installation !== null) return [kernelId(installation, name)];
  return [kernelIdOfPath(folder), ...(await idsOfSupervisors(name))];
}

/** Whether the host runs, and whether it does so from this folder: under whatever path, it is the same directory. */
export async function whereabouts(identity: HostIdentity): Promise<Whereabouts> {
  for (const id of await kernelIds(identity)) {
    const group = await controlGroup(id);
    if (!(await group.isPopulated())) continue;
    const pid = await supervisorIn(group.path);
    return { running: true, elsewhere: pid === null ? null : await otherFolder(pid, identity.folder) };
  }
  return NOT_RUNNING;
}

/** null when it is `folder`, or when what it was has been deleted: then `folder` is all there is of the host's files. */
async function otherFolder(pid: number, folder: string): Promise<string | null> {
  const link = `/proc/${pid}/cwd`;
  const current = await readlink(link).catch(() => null);
  if (current === null || DELETED.test(current)) return null;
  if (current !== "/") return (await isSameFile(link, folder)) ? null : current;
  // One of an older Creel, which knows the folder by the path it had.
  const path = (await argumentsOf(pid))[FOLDER_ARGUMENT] ?? folder;
  const exists = await isSameFile(path, path);
  return exists && !(await isSameFile(path, folder)) ? path : null;
}

/** A supervisor, or what it left behind in the same folder when it was killed itself; null when there is neither. */
async function supervisorIn(group: string): Promise<number | null> {
  for (const part of ["keeper", "follower"]) {
    const text = await readFile(join(group, part, "cgroup.procs"), "utf8").catch(() => "");
    const pid = Number.parseInt(text, 10);
    if (pid > 0) return pid;
  }
  return null;
}

/** The hosts of every state folder. */
export async function runningHosts(): Promise<RunningHost[]> {
  const found = await Promise.all(
    (await idsInUse()).map(async (id): Promise<RunningHost[]> => {
      const group = await controlGroup(id);
      if (!(await group.isPopulated())) return [];
      const pid = await supervisorIn(group.path);
      const name = (pid === null ? undefined : (await argumentsOf(pid))[NAME_ARGUMENT]) ?? null;
      return [
        {
          name,
          ...(await folderOf(pid)),
          isOf: (installation) => name !== null && kernelId(installation, name) === id,
          end: `echo 1 >${group.path}/cgroup.kill; ip netns delete ${netnsOf(id)}`,
        },
      ];
    }),
  );
  return found.flat();
}

async function folderOf(pid: number | null): Promise<Pick<RunningHost, "folder" | "isDeleted">> {
  const current = pid === null ? null : await readlink(`/proc/${pid}/cwd`).catch(() => null);
  if (pid === null || current === null) return { folder: null, isDeleted: false };
  // One of an older Creel, which knows the folder by the path it had.
  const folder =
    current === "/" ? ((await argumentsOf(pid))[FOLDER_ARGUMENT] ?? current) : current.replace(DELETED, "");
  const isDeleted = current === "/" ? !(await isSameFile(folder, folder)) : DELETED.test(current);
  return { folder, isDeleted };
}

/** One for each host that runs, and perhaps for some that do not. */
async function idsInUse(): Promise<string[]> {
  try {
    const entries = await readdir(await groupsDirectory(), { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    // Without control groups there can be no hosts.
    if (isErrno(error, "ENOENT") || (error instanceof OpsError && error.code === "tool-missing")) return [];
    throw error;
  }
}

async function idsOfSupervisors(name: string): Promise<string[]> {
  const groups = await groupsDirectory();
  const ids = await idsInUse();
  const found = await Promise.all(
    ids.map(async (id) => {
      const pid = await supervisorIn(join(groups, id));
      return pid !== null && (await argumentsOf(pid))[NAME_ARGUMENT] === name ? id : null;
    }),
  );
  return found.filter((id) => id !== null);
}

async function argumentsOf(pid: number): Promise<readonly string[]> {
  return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).split("\0");
}
