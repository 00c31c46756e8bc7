import { z } from "zod";
import { OpsError } from "../../../src/core/errors.ts";
import type { HostShell } from "../../host-shell/host-shell.ts";
import type { Upkeep } from "../system.ts";

/** Both come with the host, see `cloud-init/hardening`. */
const TIMER = "creel-security-updates.timer";
const SERVICE = "creel-security-updates.service";
/** Debian's packages leave it behind. */
const LOOK = `systemctl show --property=ActiveState --value "$1"
systemctl show --property=Result --value "$2"
if [ -e /run/reboot-required ]; then echo reboot; else echo none; fi`;

const seen = z.tuple([z.string(), z.string(), z.enum(["reboot", "none"])]);

/** See `HostSystem`. */
export async function upkeep(shell: HostShell, signal?: AbortSignal): Promise<Upkeep> {
  const argv = ["sh", "-c", LOOK, "creel-upkeep", TIMER, SERVICE] as const;
  const output = await shell.check([...argv], signal ? { signal } : {});
  const lines = output.trimEnd().split("\n");
  const answer = seen.safeParse(lines);
  if (!answer.success) {
    throw new OpsError({
      code: "host-command-failed",
      userMessage: "The host did not say how it keeps itself up to date.",
      evidence: lines.slice(-5),
    });
  }
  const [timer, result, reboot] = answer.data;
  return { trouble: troubleWith(timer, result), rebootNeeded: reboot === "reboot" };
}

function troubleWith(timer: string, result: string): string | null {
  if (timer !== "active") return `${TIMER} is ${timer}.`;
  return result === "success" ? null : `The last run of ${SERVICE} failed (${result}).`;
}
