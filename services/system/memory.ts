import { OpsError } from "../../src/core/errors.ts";
import type { HostShell } from "../host-shell/host-shell.ts";
import type { HostPaths, HostSystem, Upkeep } from "./system.ts";

/** Where a machine in memory keeps that its first boot is over. */
const SETTLED = "/memory-settled";

const paths: HostPaths = {
  units: "/memory/units",
  quadlets: "/memory/quadlets",
  image: "/memory/image",
  quadletGenerator: "/memory/quadlet",
};

export interface MemorySystemOptions {
  readonly name?: string;
  /** Complaints of a first boot; default none. May hang, as a boot does, until the signal aborts. */
  readonly firstBoot?: (signal: AbortSignal) => readonly string[] | Promise<readonly string[]>;
  /** Whether hosts are shutting down; default false. */
  readonly isEnding?: () => boolean;
  /** Of the host with that key; default all is well. */
  readonly upkeep?: (hostKeyFingerprint: string) => Upkeep;
}

/** A system that is nothing but files and programs of machines in memory. */
export function createMemorySystem(options: MemorySystemOptions = {}): HostSystem {
  const { name = "memory", firstBoot = () => [], isEnding = () => false } = options;
  const { upkeep = () => ({ trouble: null, rebootNeeded: false }) } = options;
  const rotation = (shell: HostShell, args: readonly string[], signal: AbortSignal | undefined) =>
    shell.check(["creel-host-key", ...args], signal ? { signal } : {});
  return {
    name,
    login: { user: "root", asRoot: [] },
    paths,
    firstBoot: (fields) => ({ format: "cloud-config", text: JSON.stringify(fields) }),
    async settle(shell, signal) {
      if ((await shell.run(["cat", SETTLED], { signal })).exitCode === 0) return;
      const complaints = await firstBoot(signal);
      if (complaints.length > 0) {
        throw new OpsError({
          code: "first-boot-failed",
          userMessage: "The first boot of the host ended with errors.",
          evidence: complaints,
        });
      }
      await shell.check(["tee", SETTLED], { stdin: "settled", signal });
    },
    prepareHostKey: async (shell, signal) => (await rotation(shell, ["prepare"], signal)).trim(),
    activateHostKey: async (shell, fingerprint, signal) =>
      void (await rotation(shell, ["activate", fingerprint], signal)),
    script: (body) => body,
    isEnding: async () => isEnding(),
    upkeep: async (shell) => upkeep(shell.hostKeyFingerprint),
  };
}
