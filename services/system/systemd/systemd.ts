import { readFileSync } from "node:fs";
import { shellWord } from "../../../src/core/shell-words.ts";
import type { HostShell } from "../../host-shell/host-shell.ts";
import type { HostPaths } from "../system.ts";

/** What is so on every system that systemd runs. */
const FILES = readFileSync(new URL("./files.sh", import.meta.url), "utf8");

/** See `HostSystem.script`. */
export function scriptWith(paths: HostPaths, body: string): string {
  const variables = {
    UNITS: paths.units,
    QUADLETS: paths.quadlets,
    IMAGE: paths.image,
    QUADLET_GENERATOR: paths.quadletGenerator,
  };
  const lines = Object.entries(variables).map(([name, path]) => `${name}=${shellWord(path)}\n`);
  return `${lines.join("")}${FILES}${body}`;
}

/** Answers of `systemctl is-system-running` from a system that stays up. */
const STAYING_UP = new Set(["initializing", "starting", "running", "degraded", "maintenance"]);

/** See `HostSystem.isEnding`. */
export async function isEnding(shell: HostShell): Promise<boolean> {
  const { stdout } = await shell.run(["systemctl", "is-system-running"], { timeoutMs: 5000 });
  return !STAYING_UP.has(stdout.trim());
}
