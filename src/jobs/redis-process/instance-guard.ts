import { chmod, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isErrno } from "../../core/errno.ts";
import { OpsError } from "../../core/errors.ts";
import { fileSizeLimitReached } from "./file-size-limit.ts";

export interface InstanceGuard {
  /** Idempotent. */
  release(): Promise<void>;
}

/** SQLite's code for a lock that somebody else holds. */
const BUSY = 5;

/**
 * Makes this process the only Creel on an existing state folder. The mark is a lock of the kernel's on a file in the folder, taken through
 * SQLite: it goes with the process, however that dies, belongs to this folder under all its names and to no copy of it, and only who may
 * write into the folder can take it.
 * @throws OpsError `wrong-state` with the other one's pid, `capacity` when this process may make no files, `config-invalid` when the folder takes no lock.
 */
export async function guardStateFolder(stateDir: string): Promise<InstanceGuard> {
  const file = join(stateDir, "creel.lock");
  const pidFile = join(stateDir, "creel.pid");
  let lock: DatabaseSync | null = null;
  try {
    await makePrivate(file);
    lock = new DatabaseSync(file, { timeout: 0 });
    lock.exec("BEGIN EXCLUSIVE");
    // Only for the words of who is refused.
    await writeFile(pidFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    lock?.close();
    throw await refusal(error, stateDir, pidFile);
  }
  const held = lock;
  return {
    async release() {
      if (held.isOpen) held.close();
    },
  };
}

/** Who may read a file may lock it. It is never opened here when it exists: closing it would free a lock that this process has on it. */
async function makePrivate(file: string): Promise<void> {
  try {
    await (await open(file, "wx", 0o600)).close();
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    await chmod(file, 0o600);
  }
}

async function refusal(error: unknown, stateDir: string, pidFile: string): Promise<OpsError> {
  if (error instanceof Error && "errcode" in error && error.errcode === BUSY) {
    const pid = Number.parseInt(await readFile(pidFile, "utf8").catch(() => ""), 10);
    return new OpsError({
      code: "wrong-state",
      userMessage: `Creel already runs on this state folder${pid > 0 ? ` (pid ${pid})` : ""}: ${stateDir}`,
      hint: "Stop that one first, or give this one another folder with CREEL_STATE_DIR.",
    });
  }
  const limited = await fileSizeLimitReached(stateDir, error);
  if (limited !== null) return limited;
  return new OpsError({
    code: "config-invalid",
    userMessage: `Creel cannot lock its state folder ${stateDir}: ${error instanceof Error ? error.message : String(error)}.`,
    hint: "Set CREEL_STATE_DIR to a folder that Creel may write into, on a disk that has room.",
    cause: error,
  });
}
