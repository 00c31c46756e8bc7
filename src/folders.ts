import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf, outOfSpace } from "./core/errno.ts";
import { OpsError } from "./core/errors.ts";

/**
 * Makes a folder of Creel's own, readable for nobody else, and the ones above it. Idempotent.
 * @throws OpsError `config-invalid` that names the variable to change; `capacity`.
 */
export function makeFolder(path: string, variable: string): void {
  try {
    make(path);
  } catch (cause) {
    const full = outOfSpace(path, cause);
    if (full !== null) throw full;
    throw new OpsError({
      code: "config-invalid",
      userMessage: `The folder ${path} cannot be made (${errnoOf(cause) ?? String(cause)}).`,
      hint: `Set ${variable} to a folder that Creel may write into.`,
      cause,
    });
  }
}

/** One by one: with `recursive`, Node never comes back from a parent that takes no folders, such as /proc. */
function make(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found === undefined && dirname(path) !== path) make(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}
