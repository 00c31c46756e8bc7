import { z } from "zod";
import type { HostShell } from "../../../services/host-shell/host-shell.ts";
import { OpsError } from "../../core/errors.ts";

/** The part of `cloud-init status --format=json` (cloud-init 23.4 and later) that tells how the first boot ended. */
const cloudInitStatus = z.object({
  extended_status: z.string(),
  errors: z.array(z.string()),
  recoverable_errors: z.record(z.string(), z.array(z.string())),
});

/**
 * Waits until cloud-init is through. Recoverable errors count as errors: user-data that is only partly applied is not hardened.
 * @throws OpsError `first-boot-failed` with cloud-init's own words as evidence.
 */
export async function firstBootDone(shell: HostShell, signal: AbortSignal): Promise<void> {
  const { stdout, exitCode } = await shell.run(["cloud-init", "status", "--wait", "--format=json"], {
    signal,
    timeoutMs: 600_000,
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
