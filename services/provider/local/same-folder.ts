import { type BigIntStats, statSync } from "node:fs";
import { OpsError } from "../../../src/core/errors.ts";

/**
 * Remembers which folder `path` leads to when it is there first. What is called then throws once the path leads nowhere or to another one:
 * the folder was moved, removed or unmounted while this process works in it, and an empty place says nothing about what was in it.
 */
export function sameFolder(path: string): () => void {
  let first = look(path);
  return () => {
    const now = look(path);
    first ??= now;
    if (first === null || (now !== null && now.dev === first.dev && now.ino === first.ino)) return;
    throw new OpsError({
      code: "wrong-state",
      userMessage: `Creel's state folder was moved or removed while Creel runs: ${path}`,
      hint: "Put it back; or end Creel and start it again with CREEL_STATE_DIR set to where the folder is now. Hosts go on meanwhile.",
    });
  };
}

function look(path: string): BigIntStats | null {
  return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
}
