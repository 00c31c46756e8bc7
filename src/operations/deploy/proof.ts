import type { HostShell } from "../../../services/host-shell/host-shell.ts";

/**
 * Exists on a host as soon as its deploy has proven everything: what the registry says of an agent that serves, where it survives
 * the loss of the registry.
 */
const PROOF_FILE = "/var/lib/creel-proven";

const WRITE = `echo proven > "$1" && sync "$1"`;

/** Idempotent. */
export async function writeProof(shell: HostShell, signal: AbortSignal): Promise<void> {
  await shell.check(["sh", "-c", WRITE, "creel-proof", PROOF_FILE], { signal, timeoutMs: 20_000 });
}

/** Whether a deploy ever got to its end on this host, however its gateway is now. */
export async function isProven(shell: HostShell, signal: AbortSignal): Promise<boolean> {
  const { stdout } = await shell.run(["cat", PROOF_FILE], { signal });
  return stdout.trim() === "proven";
}
