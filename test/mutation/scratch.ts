import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Runs `work` with a temporary folder of its own for everything that is started meanwhile. Mutants may leave behind what the code would
 * have ended or removed, such as servers of Redis: in the end what still works in the folder is killed, and the folder removed.
 */
export async function inScratch<T>(work: () => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "creel-mutants-"));
  process.env.TMPDIR = folder;
  try {
    return await work();
  } finally {
    delete process.env.TMPDIR;
    for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) killIfIn(folder, Number(pid));
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}

function killIfIn(folder: string, pid: number): void {
  try {
    if (readlinkSync(`/proc/${pid}/cwd`).startsWith(`${folder}/`)) process.kill(pid, "SIGKILL");
  } catch {
    // Gone by now, or another user's.
  }
}
