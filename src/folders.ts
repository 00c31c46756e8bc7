import { createHash } from "node:crypto";
import { mkdirSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, resolve } from "node:path";
import { OpsError } from "./core/errors.ts";

/**
 * Makes a folder of Creel's own, readable for nobody else, and the ones above it. Idempotent.
 * @throws OpsError `config-invalid` that names the variable to change.
 */
export function makeFolder(path: string, variable: string): void {
  try {
    make(path);
  } catch (cause) {
    const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new OpsError({
      code: "config-invalid",
      userMessage: `The folder ${path} cannot be made (${why}).`,
      hint: `Set ${variable} to a folder that Creel may write into.`,
      cause,
    });
  }
}

/** Tells the hosts of this state folder from those of others on the same Redis: the machine's name and four digits of the folder. Stable. */
export function installationName(stateDir: string): string {
  const digits = createHash("sha256")
    .update(`${hostname()}:${resolve(stateDir)}`)
    .digest("hex")
    .slice(0, 4);
  return `${hostname()
    .toLowerCase()
    .replace(/[^a-z0-9-]/g, "-")
    .slice(0, 30)}-${digits}`;
}

/** One by one: with `recursive`, Node never comes back from a parent that takes no folders, such as /proc. */
function make(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found === undefined && dirname(path) !== path) make(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}
