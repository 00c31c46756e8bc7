import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { errnoOf, outOfSpace } from "../core/errno.ts";
import { OpsError } from "../core/errors.ts";
import { makeFolder } from "../folders.ts";

/**
 * Writes a file of settings that only its owner can read, whole or not at all. What was there is kept beside it as `.bak-<date>` when it may be
 * replaced. Symbolic links are followed. @returns where the old file is now, or null when there was none.
 * @throws OpsError `config-invalid`, `capacity`; `already-exists` when there is one that may not be replaced.
 */
export function writeSettings(
  path: string,
  text: string,
  { replace, nowMs }: { replace: boolean; nowMs: number },
): string | null {
  makeFolder(dirname(resolve(path)), "CREEL_CONFIG");
  const file = existsSync(path) ? realpathSync(path) : resolve(path);
  const draft = join(dirname(file), `.${basename(file)}.${randomUUID()}`);
  try {
    writeDraft(draft, text);
    if (!replace || !existsSync(file)) {
      place(draft, file);
      return null;
    }
    const backup = keep(file, nowMs);
    renameSync(draft, file);
    return backup;
  } catch (cause) {
    throw cannotWrite(path, cause);
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeDraft(draft: string, text: string): void {
  const handle = openSync(draft, "wx", 0o600);
  try {
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Unlike a rename, a link never takes the place of a file that somebody has just made. Not every file system has links. */
function place(draft: string, file: string): void {
  try {
    linkSync(draft, file);
  } catch (error) {
    if (existsSync(file)) throw error;
    renameSync(draft, file);
  }
}

function keep(file: string, nowMs: number): string {
  const date = new Date(nowMs).toISOString().slice(0, 19).replace(/[-:]/g, "").replace("T", "-");
  let backup = `${file}.bak-${date}`;
  for (let count = 2; existsSync(backup); count += 1) backup = `${file}.bak-${date}-${count}`;
  copyFileSync(file, backup, constants.COPYFILE_EXCL);
  return backup;
}

function cannotWrite(path: string, cause: unknown): OpsError {
  const full = outOfSpace(path, cause);
  if (full !== null) return full;
  const code = errnoOf(cause) ?? String(cause);
  if (code === "EEXIST")
    return new OpsError({
      code: "already-exists",
      userMessage: `${path} is there by now; it was left as it is.`,
      cause,
    });
  return new OpsError({
    code: "config-invalid",
    userMessage: `${path} cannot be written (${code}).`,
    hint: "Change the owner of its folder, or set CREEL_CONFIG to another file.",
    cause,
  });
}
