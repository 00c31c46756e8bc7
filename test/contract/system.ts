import { isAbsolute } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateHostKey } from "../../services/host-shell/host-key.ts";
import type { HostShell, HostShells } from "../../services/host-shell/host-shell.ts";
import { parseLabel } from "../../services/provider/labels.ts";
import type { FirstBoot, FirstBootFields, HostSystem } from "../../services/system/system.ts";
import type { Host } from "../../src/core/host.ts";

/** What somebody might call a thing so that it is taken for something else. */
const nasty = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "a: b",
    "- x",
    "'",
    '"',
    "\n---\n",
    "#!/bin/sh",
    "&a *a",
    "yes",
    "0x10",
    "null",
    "\t",
    " lead",
    "x\r\ny",
    "",
  ),
);

/** Holds for every system, without a host. `read` gets the fields back out of what the machine is told. */
export function firstBootContract(
  system: HostSystem,
  read: (
    firstBoot: FirstBoot,
  ) => Omit<FirstBootFields, "hostKey"> & { readonly privateKey: string; readonly publicKey: string },
): void {
  describe(`${system.name}: what a machine is told for its first boot`, () => {
    it("has every value as it was given, whatever is in it", () => {
      fc.assert(
        fc.property(nasty, nasty, nasty, nasty, (hostName, authorizedKey, privateKey, publicKey) => {
          const hostKey = { privateKey, publicKey, fingerprint: "" };
          const told = read(system.firstBoot({ hostName, authorizedKey, hostKey }));
          expect(told).toEqual({ hostName, authorizedKey, privateKey, publicKey });
        }),
      );
    });

    it("is the same for the same host", () => {
      const fields = { hostName: "ada-1", authorizedKey: "ssh-ed25519 AAAA creel", hostKey: generateHostKey() };
      expect(system.firstBoot(fields)).toEqual(system.firstBoot(fields));
    });
  });
}

export interface SystemUnderTest extends AsyncDisposable {
  readonly system: HostSystem;
  readonly shells: HostShells;
  /** Reachable, and not settled yet. */
  readonly host: Host;
}

/** Holds for every system on a host of its own. The tests build on each other, because a host costs seconds. */
export function systemContract(name: string, make: () => Promise<SystemUnderTest>): void {
  describe(`${name}: system contract`, () => {
    let under: SystemUnderTest;
    let host: Host;
    let shell: HostShell;
    const signal = new AbortController().signal;

    beforeAll(async () => {
      under = await make();
      host = under.host;
      shell = await under.shells.connect(host);
    });
    afterAll(async () => {
      await shell?.close();
      await under?.[Symbol.asyncDispose]();
    });

    it("has a name that every cloud takes as a label, and is the one the host is recorded with", () => {
      expect(parseLabel(under.system.name)).toBe(host.system);
    });

    it("settles, once and again", async () => {
      await under.system.settle(shell, signal);
      await under.system.settle(shell, signal);
    });

    it("stops waiting when it is told to", async () => {
      await expect(under.system.settle(shell, AbortSignal.abort())).rejects.toMatchObject({ code: "cancelled" });
    });

    it("has folders that can be written to", async () => {
      const { units, quadlets, image, quadletGenerator } = under.system.paths;
      for (const path of [units, quadlets, image, quadletGenerator]) expect(isAbsolute(path)).toBe(true);
      for (const folder of [units, quadlets]) {
        await shell.run(["mkdir", "-p", folder]);
        await shell.check(["tee", `${folder}/creel-was-here`], { stdin: "yes" });
        expect(await shell.check(["cat", `${folder}/creel-was-here`])).toBe("yes");
        await shell.run(["rm", `${folder}/creel-was-here`]);
      }
    });

    it("stays up, and says how it keeps itself up to date", async () => {
      expect(await under.system.isEnding(shell)).toBe(false);
      expect(await under.system.upkeep(shell, signal)).toEqual({ trouble: null, rebootNeeded: false });
    });

    it("changes its host key for one that never left it, however often each half is repeated", async () => {
      const { system, shells } = under;
      const fingerprint = await system.prepareHostKey(shell);
      expect(await system.prepareHostKey(shell)).toBe(fingerprint);
      expect(fingerprint).not.toBe(host.hostKeyFingerprint);
      await using before = await shells.connect(host);
      await system.activateHostKey(before, fingerprint);
      await system.activateHostKey(before, fingerprint);
      // The connection that was open stays.
      expect((await before.run(["true"])).exitCode).toBe(0);
      const switched = { ...host, hostKeyFingerprint: fingerprint };
      await expect.poll(async () => await connects(shells, switched), { interval: 100 }).toBe(fingerprint);
      await expect(shells.connect(host)).rejects.toMatchObject({ code: "host-key-mismatch" });
      const unknown = system.activateHostKey(before, "a".repeat(52));
      await expect(unknown).rejects.toMatchObject({ code: "host-command-failed" });
    });
  });
}

/** The key it shows; null when it is not the host's. */
async function connects(shells: HostShells, host: Host): Promise<string | null> {
  try {
    await using shell = await shells.connect(host);
    return shell.hostKeyFingerprint;
  } catch {
    return null;
  }
}
