import { readFileSync } from "node:fs";
import { OpsError } from "../../src/core/errors.ts";
import type { HostShell } from "./host-shell.ts";

const SCRIPT = readFileSync(new URL("./rotate-host-key.sh", import.meta.url), "utf8");
const FINGERPRINT = /^[A-Za-z0-9_-]{43}$/;

/**
 * First half of a host key rotation: makes a new ed25519 key on the host, beside the one in use, and returns its fingerprint.
 * The private part never leaves the host. Idempotent: until it is activated, the same key is returned again.
 * Put both fingerprints on the host's label (`acceptBoth`) before going on: a crash after `activateHostKey`, with the loss of all
 * that Creel remembers, would lock it out otherwise.
 */
export async function prepareHostKey(shell: HostShell, signal?: AbortSignal): Promise<string> {
  const output = await shell.check(["sh", "-c", SCRIPT, "creel-host-key", "prepare"], signal ? { signal } : {});
  const fingerprint = output.trim();
  if (FINGERPRINT.test(fingerprint)) return fingerprint;
  throw new OpsError({
    code: "host-command-failed",
    userMessage: "The host did not answer with the fingerprint of its new SSH host key.",
    evidence: [fingerprint.slice(0, 200)],
  });
}

/**
 * Second half: the prepared key replaces the one in use, for connections made from now on. Idempotent: does nothing when the key
 * with this fingerprint is in use already. @throws OpsError `host-command-failed` when no such key was prepared.
 */
export async function activateHostKey(shell: HostShell, fingerprint: string, signal?: AbortSignal): Promise<void> {
  await shell.check(["sh", "-c", SCRIPT, "creel-host-key", "activate", fingerprint], signal ? { signal } : {});
}
