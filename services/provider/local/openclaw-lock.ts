import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const LOCKS = join(dirname(fileURLToPath(import.meta.url)), "openclaw-locks");

/** npm's lock file for `openclaw` of this version and all it depends on, as it comes with Creel; null when there is none. */
export function projectLock(openclawVersion: string): string | null {
  const file = join(LOCKS, `${openclawVersion}.json`);
  return existsSync(file) ? file : null;
}

/** Where an image keeps the lock file that it was made with. */
export function keptLock(directory: string): string {
  return join(directory, "openclaw-lock.json");
}
