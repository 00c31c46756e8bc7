import { readFileSync } from "node:fs";
import { OpsError } from "../../../src/core/errors.ts";
import { shellWord } from "../../../src/core/shell-words.ts";
import type { HostSystem } from "../system.ts";

const SCRIPT = readFileSync(new URL("./rotate-host-key.sh", import.meta.url), "utf8");
const FINGERPRINT = /^[a-z2-7]{52}$/;

export interface SshServer {
  /** Folder of its host keys. */
  readonly folder: string;
  /** Unit that reads them anew when it is reloaded. */
  readonly unit: string;
}

/** The rotation of the host key, see `HostSystem`, of an OpenSSH server under systemd. */
export function hostKeyRotation({ folder, unit }: SshServer): Pick<HostSystem, "prepareHostKey" | "activateHostKey"> {
  const script = `SSH_DIR=${shellWord(folder)} SSH_UNIT=${shellWord(unit)}\n${SCRIPT}`;
  return {
    async prepareHostKey(shell, signal) {
      const output = await shell.check(["sh", "-c", script, "creel-host-key", "prepare"], signal ? { signal } : {});
      const fingerprint = output.trim();
      if (FINGERPRINT.test(fingerprint)) return fingerprint;
      throw new OpsError({
        code: "host-command-failed",
        userMessage: "The host did not answer with the fingerprint of its new SSH host key.",
        evidence: [fingerprint.slice(0, 200)],
      });
    },
    async activateHostKey(shell, fingerprint, signal) {
      const argv = ["sh", "-c", script, "creel-host-key", "activate", fingerprint] as const;
      await shell.check([...argv], signal ? { signal } : {});
    },
  };
}
