import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** The newest one, and the one before it as the way back. */
const KEPT = 2;
/** Whoever shares the cache and has made a host from an image lately will make another one. */
const IN_USE_MS = 30 * 24 * 60 * 60 * 1000;

interface Kept {
  readonly directory: string;
}

/** Notes in an image that a host was made from it now. A cache of somebody else's, which cannot be written to, is theirs to care for. */
export async function noteUse(directory: string): Promise<void> {
  await writeFile(usedFile(directory), "").catch(() => undefined);
}

/**
 * Removes the images that nothing needs: all but the two newest, `used` ones, ones that a host was made from in the last 30 days, and ones
 * that are mounted, by whichever Creel. `used` null: nobody knows, and nothing goes.
 * `all` is sorted, newest first. A removal that is cut off leaves what the next build takes for unfinished.
 */
export async function removeOldImages(
  all: readonly Kept[],
  used: readonly string[] | null,
  unfinished: string,
  nowMs: number = Date.now(),
): Promise<void> {
  if (used === null) return;
  const old = all.slice(KEPT).filter(({ directory }) => !used.includes(directory));
  if (old.length === 0) return;
  const mounts = await mountsOfAllProcesses();
  for (const { directory } of old) {
    if (isMounted(directory, mounts) || (await usedAtMs(directory)) > nowMs - IN_USE_MS) continue;
    await discard(directory, unfinished);
  }
}

/** Removes one image, unless it is mounted, by whichever Creel. @returns whether it did. */
export async function removeImage(directory: string, unfinished: string): Promise<boolean> {
  if (isMounted(directory, await mountsOfAllProcesses())) return false;
  await discard(directory, unfinished);
  return true;
}

async function discard(directory: string, unfinished: string): Promise<void> {
  const doomed = join(dirname(directory), `${unfinished}${basename(directory)}.old`);
  await rename(directory, doomed);
  await rm(doomed, { recursive: true, force: true, maxRetries: 5 });
}

function isMounted(directory: string, mounts: readonly string[]): boolean {
  return mounts.some((text) => text.includes(`${directory}/`));
}

function usedFile(directory: string): string {
  return join(directory, "used");
}

/** ms since the epoch; 0 when nobody has noted it. */
async function usedAtMs(directory: string): Promise<number> {
  return (await stat(usedFile(directory)).catch(() => null))?.mtimeMs ?? 0;
}

/** Hosts have their mounts to themselves, so every process has to be asked; processes come and go meanwhile. */
async function mountsOfAllProcesses(): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const texts = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/mountinfo`, "utf8").catch(() => "")));
  return [...new Set(texts)];
}
