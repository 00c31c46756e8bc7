import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { OpsError } from "../../core/errors.ts";
import { formatBytes } from "../../core/measures.ts";

/**
 * What to say when a file in `folder` is as large as this process, and what it starts, may make files: writing to it fails then as on a
 * broken disk. null when there is no such limit, or nothing has reached it.
 */
export async function fileSizeLimitReached(folder: string, cause: unknown): Promise<OpsError | null> {
  const limit = await fileSizeLimit();
  const file = limit === null ? undefined : await fileOf(folder, limit);
  if (limit === null || file === undefined) return null;
  return new OpsError({
    code: "capacity",
    userMessage: `${file} cannot grow: Creel may make no file larger than ${formatBytes(limit)} (ulimit -f).`,
    hint: "Lift that limit (ulimit -f unlimited, or LimitFSIZE of a service) and start Creel again: its operations go on where they stopped.",
    cause,
  });
}

/** In bytes; null for none. */
async function fileSizeLimit(): Promise<number | null> {
  const limits = await readFile("/proc/self/limits", "utf8").catch(() => "");
  const soft = /^Max file size +(\d+) /m.exec(limits)?.[1];
  return soft === undefined ? null : Number(soft);
}

/** The first file, at any depth, that has at least so many bytes. */
async function fileOf(folder: string, bytes: number): Promise<string | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const size = (await stat(path).catch(() => null))?.size ?? -1;
    if (size >= bytes) return path;
  }
  return undefined;
}
