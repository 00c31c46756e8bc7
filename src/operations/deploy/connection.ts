import type { HostShell, HostShells } from "../../../services/host-shell/host-shell.ts";
import type { Host } from "../../core/host.ts";

/** The one SSH connection of a deploy, opened when first needed: a resumed deploy has its steps behind it but no connection. */
export interface Connection extends AsyncDisposable {
  /** @throws what `HostShells.connect` throws; the next call tries again. */
  shell(signal: AbortSignal): Promise<HostShell>;
  /** From now on the host may also answer with this host key. */
  accept(fingerprint: string): void;
}

export function connectionTo(host: Host, shells: HostShells): Connection {
  const accepted = new Set([host.hostKeyFingerprint]);
  let opening: Promise<HostShell> | null = null;
  return {
    shell(signal) {
      opening ??= shells.connect(host, { acceptFingerprints: [...accepted], signal }).catch((error: unknown) => {
        opening = null;
        throw error;
      });
      return opening;
    },
    accept(fingerprint) {
      accepted.add(fingerprint);
    },
    async [Symbol.asyncDispose]() {
      const shell = await opening?.catch(() => null);
      await shell?.close();
    },
  };
}
