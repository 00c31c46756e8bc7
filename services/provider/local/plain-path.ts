import { OpsError } from "../../../src/core/errors.ts";

/** Overlay mounts, systemd-nspawn and qemu take paths as parts of option strings, and these characters separate or quote the parts. */
const SPECIAL = /[:,\\"]/;

/** @throws OpsError `config-invalid` that names the first path that hosts cannot live below. */
export function requirePlainPaths(paths: readonly string[]): void {
  const path = paths.find((candidate) => SPECIAL.test(candidate));
  if (path === undefined) return;
  throw new OpsError({
    code: "config-invalid",
    userMessage: `Hosts cannot use the folder ${path}: its path has a colon, a comma, a backslash or a double quote in it.`,
    hint: "Choose another one with CREEL_STATE_DIR or CREEL_CACHE_DIR.",
  });
}
