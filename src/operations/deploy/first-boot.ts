import { z } from "zod";
import type { HostShell } from "../../../services/host-shell/host-shell.ts";
import { OpsError } from "../../core/errors.ts";

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

/**
 * `cloud-init status --wait` starts Python and keeps it busy while the gateway needs the processor. This waits for the file that
 * cloud-init writes last, and gives up when it will never come.
 */
const WAIT_FOR_RECORD = `cd /run/cloud-init || exit 1
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
 * Waits until cloud-init is through. Recoverable errors count as errors: user-data that is only partly applied is not hardened.
 * @throws OpsError `first-boot-failed` with cloud-init's own words as evidence.
 */
export async function firstBootDone(shell: HostShell, signal: AbortSignal): Promise<void> {
  const wait = ["sh", "-c", WAIT_FOR_RECORD, "creel-first-boot"] as const;
  const record = await shell.run([...wait], { signal, timeoutMs: TIMEOUT_MS }).catch(hanging);
  if (cleanRecord.safeParse(parseJson(record.stdout)).success) return;
  await askCloudInit(shell, signal);
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
