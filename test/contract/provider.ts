import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateHostKey } from "../../services/host-shell/host-key.ts";
import type { HostSpec, Provider } from "../../services/provider/provider.ts";
import { buildUserData } from "../../services/provider/user-data.ts";
import { hostNameFor, makeOperationId, parseAgentName, parseHostName } from "../../src/core/names.ts";

export interface ProviderUnderTest {
  readonly provider: Provider;
  /** Removes whatever the tests have left. */
  dispose(): Promise<void>;
}

const SOME_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMOGBCrGTZM0+59WVn+fuGQ4kJmEr0yrRdRzQvAIr1pb test";
const never = new AbortController().signal;

/** A complete spec for a new host. Every call makes another name unless `agent` and `random` are the same. */
export function specFor(agent: string, fields: Partial<HostSpec> & { readonly authorizedKey?: string } = {}): HostSpec {
  const { authorizedKey = SOME_KEY, ...overrides } = fields;
  const name = parseAgentName(agent);
  const operation = makeOperationId(Date.now(), Math.random);
  const hostKey = generateHostKey();
  const hostName = overrides.name ?? hostNameFor(name, operation);
  return {
    name: hostName,
    agent: name,
    operation,
    region: null,
    size: null,
    userData: buildUserData({ hostName, authorizedKey, hostKey }),
    hostKeyFingerprint: hostKey.fingerprint,
    ...overrides,
  };
}

/** What every provider has to do. `make` must come with a snapshot that hosts can be made from. */
export function providerContract(title: string, make: () => Promise<ProviderUnderTest>): void {
  describe(`${title} as a provider`, () => {
    let under: ProviderUnderTest;
    let provider: Provider;
    const nobody = parseHostName("nobody-000000");

    beforeAll(async () => {
      under = await make();
      provider = under.provider;
    });
    afterAll(async () => {
      await under.dispose();
    });

    it("creates a host that it finds and lists with its labels, and destroys it", async () => {
      const { regions, sizes } = await provider.offers();
      const spec = specFor("ada");
      const host = await provider.create(spec, never);
      expect(host).toMatchObject({
        name: spec.name,
        agent: spec.agent,
        operation: spec.operation,
        hostKeyFingerprint: spec.hostKeyFingerprint,
        provider: provider.name,
        state: "running",
        region: regions[0],
        size: sizes[0]?.name,
      });
      expect(await provider.find(spec.name)).toEqual(host);
      expect(await provider.list()).toEqual([host]);
      await provider.destroy(spec.name);
      expect(await provider.find(spec.name)).toBeNull();
      expect(await provider.list()).toEqual([]);
    });

    it("returns the host that is there when it is created again, however often and at once", async () => {
      const spec = specFor("twice");
      const [first, second] = await Promise.all([provider.create(spec, never), provider.create(spec, never)]);
      const otherKey = specFor("twice", { name: spec.name });
      const third = await provider.create(otherKey, never);
      expect(second).toEqual(first);
      expect(third).toEqual(first);
      expect(await provider.list()).toEqual([first]);
      await provider.destroy(spec.name);
    });

    it("gives two hosts different places and lists them by name", async () => {
      const specs = [specFor("bert"), specFor("anna")];
      const hosts = await Promise.all(specs.map((spec) => provider.create(spec, never)));
      const places = new Set(hosts.map(({ address, sshPort }) => `${address} ${sshPort}`));
      expect(places.size).toBe(2);
      expect((await provider.list()).map(({ agent }) => agent)).toEqual(["anna", "bert"]);
      await Promise.all(specs.map(({ name }) => provider.destroy(name)));
      expect(await provider.list()).toEqual([]);
    });

    it("refuses a region or a size that it does not offer and leaves nothing", async () => {
      for (const fields of [{ region: "atlantis" }, { size: "colossal\n" }]) {
        const spec = specFor("wrong", fields);
        await expect(provider.create(spec, never)).rejects.toMatchObject({ code: "input-invalid" });
        expect(await provider.find(spec.name)).toBeNull();
      }
    });

    it("takes every size that it offers", async () => {
      for (const { name: size } of (await provider.offers()).sizes) {
        const spec = specFor("sized", { size });
        expect(await provider.create(spec, never)).toMatchObject({ size });
        await provider.destroy(spec.name);
      }
    });

    it("leaves nothing when it is told to stop before it begins", async () => {
      const spec = specFor("stopped");
      await expect(provider.create(spec, AbortSignal.abort())).rejects.toThrow();
      expect(await provider.find(spec.name)).toBeNull();
    });

    it("keeps a new host key fingerprint", async () => {
      const spec = specFor("rotated");
      await provider.create(spec, never);
      const fingerprint = "A".repeat(43);
      await provider.setHostKeyFingerprint(spec.name, fingerprint);
      await provider.setHostKeyFingerprint(spec.name, fingerprint);
      expect(await provider.find(spec.name)).toMatchObject({ hostKeyFingerprint: fingerprint, state: "running" });
      await provider.destroy(spec.name);
    });

    it("starts a running host without changing it", async () => {
      const spec = specFor("started");
      const host = await provider.create(spec, never);
      await provider.start(spec.name);
      expect(await provider.find(spec.name)).toEqual(host);
      await provider.destroy(spec.name);
    });

    it("says clearly that a host is gone, and destroys it again without complaint", async () => {
      expect(await provider.find(nobody)).toBeNull();
      await expect(provider.start(nobody)).rejects.toMatchObject({ code: "host-gone" });
      await expect(provider.setHostKeyFingerprint(nobody, "x")).rejects.toMatchObject({ code: "host-gone" });
      expect(await provider.consoleTail(nobody, 5)).toEqual([]);
      const spec = specFor("gone");
      await provider.create(spec, never);
      await Promise.all([provider.destroy(spec.name), provider.destroy(spec.name)]);
      await provider.destroy(nobody);
      expect(await provider.find(spec.name)).toBeNull();
    });

    it("makes a fresh host under a name that was used before", async () => {
      const spec = specFor("again");
      await provider.create(spec, never);
      await provider.destroy(spec.name);
      const second = specFor("again", { name: spec.name });
      expect(await provider.create(second, never)).toMatchObject({ hostKeyFingerprint: second.hostKeyFingerprint });
      await provider.destroy(spec.name);
    });

    it("finds nothing wrong with a machine on which it works", async () => {
      const findings = await provider.diagnose();
      expect(findings.length).toBeGreaterThan(0);
      expect(findings.filter(({ verdict }) => verdict === "problem")).toEqual([]);
    });

    it("has a snapshot, and building it again is free", async () => {
      const { wanted, current, all } = await provider.snapshots.status();
      expect(current?.fingerprint).toBe(wanted);
      expect(all).toContainEqual(current);
      expect(await provider.snapshots.build(() => undefined, never)).toEqual(current);
    });
  });
}
