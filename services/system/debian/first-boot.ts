import { z } from "zod";
import { OpsError } from "../../../src/core/errors.ts";
import { parseJson } from "../../../src/core/json.ts";
import type { HostShell } from "../../host-shell/host-shell.ts";

/** The part of `cloud-init status --format=json` (cloud-init 23.4 and later) that tells how the first boot ended. */
const cloudInitStatus = z.object({
  extended_status: z.string(),
  errors: z.array(z.string()),
  recoverable_errors: z.record(z.string(), z.array(z.string())),
});

const endedWell = z.object({
  errors: z.array(z.string()).length(0),
  recoverable_errors: z.strictObject({}),
  finished: z.number(),
});
/** What cloud-init's own record (`status.json`) looks like when there is nothing to complain about. */
const cleanRecord = z.object({
  v1: z.object({
    "init-local": endedWell,
    init: endedWell,
    "modules-config": endedWell,
    "modules-final": endedWell,
  }),
});

/** While it exists, cloud-init does nothing at a boot. */
const DISABLED = "/etc/cloud/cloud-init.disabled";
const SEALED = "Creel: the first boot is done, and happens once.";

/**
 * A host that is cloned, restored or moved gets another instance id, and cloud-init would take its next boot for the first: the host key
 * that user-data carries would come back, with whatever else it writes and runs. So it is switched off for good, and its copies of the
 * user-data go. May be cut off anywhere and run again.
 */
const SEAL = `set -eu
echo "$2" >"$1.part"
sync "$1.part"
mv "$1.part" "$1"
cd /var/lib/cloud
find seed instances -type f \\( -name 'user-data*' -o -name 'vendor-data*' -o -name 'cloud-config*' -o -name obj.pkl \\) -delete 2>/dev/null || :
rm -f /run/cloud-init/instance-data-sensitive.json /run/cloud-init/combined-cloud-config.json`;

/**
 * `cloud-init status --wait` starts Python and keeps it busy while the gateway needs the processor. This waits for the file that
 * cloud-init writes last, and gives up when it will never come.
 */
const WAIT_FOR_RECORD = `cat ${DISABLED} 2>/dev/null && exit
cd /run/cloud-init || exit 1
looks=0
until [ -e result.json ]; do
  if [ -e disabled ]; then exit 1; fi
  if [ $((looks % 20)) = 19 ] && systemctl is-failed --quiet 'cloud-*.service'; then exit 1; fi
  looks=$((looks + 1))
  sleep 0.1
done
cat status.json`;

/** Less than the step's budget, so that what is told is that the boot hangs. */
const TIMEOUT_MS = 570_000;

/**
 * Waits until cloud-init is through, and switches it off for good. Idempotent, also after a reboot. Recoverable errors count as errors:
 * user-data that is only partly applied is not hardened.
 * @throws OpsError `first-boot-failed` with cloud-init's own words as evidence.
 */
export async function firstBootDone(shell: HostShell, signal: AbortSignal): Promise<void> {
  const wait = ["sh", "-c", WAIT_FOR_RECORD, "creel-first-boot"] as const;
  const record = await shell.run([...wait], { signal, timeoutMs: TIMEOUT_MS }).catch(hanging);
  const isSealed = record.stdout.trim() === SEALED;
  if (!isSealed && !cleanRecord.safeParse(parseJson(record.stdout)).success) await askCloudInit(shell, signal);
  await shell.check(["sh", "-c", SEAL, "creel-seal", DISABLED, SEALED], { signal, timeoutMs: 30_000 });
}

function hanging(error: unknown): never {
  if (!(error instanceof OpsError) || error.code !== "timed-out") throw error;
  const userMessage = `The first boot of the host did not end within ${TIMEOUT_MS / 1000} s.`;
  throw new OpsError({ code: "first-boot-failed", userMessage, cause: error });
}

async function askCloudInit(shell: HostShell, signal: AbortSignal): Promise<void> {
  const { stdout, exitCode } = await shell.run(["cloud-init", "status", "--wait", "--format=json"], {
    signal,
    timeoutMs: TIMEOUT_MS,
  });
  // While waiting, cloud-init prints a dot for every look before the JSON.
  const status = cloudInitStatus.safeParse(parseJson(stdout.slice(stdout.indexOf("{"))));
  if (!status.success) {
    throw new OpsError({
      code: "first-boot-failed",
      userMessage: "cloud-init on the host did not say how the first boot ended.",
      // Killed by a signal, as when the host goes down: that is no answer.
      retry: exitCode > 128 ? "later" : "never",
      evidence: stdout.split("\n").slice(-10),
    });
  }
  const { errors, recoverable_errors, extended_status } = status.data;
  const complaints = [...errors, ...Object.values(recoverable_errors).flat()];
  if (complaints.length === 0 && extended_status === "done") return;
  throw new OpsError({
    code: "first-boot-failed",
    userMessage: `The first boot of the host ended with errors (${extended_status}).`,
    hint: "The lines below are cloud-init's own.",
    evidence: complaints.slice(-10),
  });
}
