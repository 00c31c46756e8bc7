import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateHostKey } from "../../services/host-shell/host-key.ts";
import type { HostSpec, Provider } from "../../services/provider/provider.ts";
import { OpsError } from "../../src/core/errors.ts";
import { ONLY_SSH, type Opening } from "../../src/core/firewall.ts";
import { parseAgentName, parseHostName } from "../../src/core/names.ts";
import { specFor } from "./host-spec.ts";
import { stopMidway } from "./interruptions.ts";
import type { ChangingCall, ProviderUnderTest } from "./provider-under-test.ts";

const never = new AbortController().signal;

/** What every provider has to do. `make` must come with an image that hosts can be made from. */
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
      const spec = await specFor(provider, "ada");
      const told: string[] = [];
      const host = await provider.create(spec, never, (doing) => told.push(doing));
      expect(told.length).toBeGreaterThan(0);
      for (const doing of told) expect(doing).toMatch(/^[A-Z][^\n]{2,60}$/);
      expect(host).toMatchObject({
        name: spec.name,
        agents: spec.agents,
        operation: spec.operation,
        system: spec.system,
        hostKeyFingerprint: spec.hostKeyFingerprint,
        provider: provider.name,
        state: "running",
        region: regions[0],
        image: spec.image,
        size: sizes[0]?.name,
      });
      expect(await provider.find(spec.name)).toEqual(host);
      expect(await provider.list()).toEqual([host]);
      await provider.destroy(spec.name);
      expect(await provider.find(spec.name)).toBeNull();
      expect(await provider.list()).toEqual([]);
    });

    it("returns the host that is there when it is created again, however often and at once", async () => {
      const spec = await specFor(provider, "twice");
      const [first, second] = await Promise.all([provider.create(spec, never), provider.create(spec, never)]);
      const otherKey = await specFor(provider, "twice", { name: spec.name });
      const third = await provider.create(otherKey, never);
      expect(second).toEqual(first);
      expect(third).toEqual(first);
      expect(await provider.list()).toEqual([first]);
      await provider.destroy(spec.name);
    });

    it("knows where strangers would find a host's ports", async () => {
      const { address, sshPort, ...host } = await provider.create(await specFor(provider, "seen"), never);
      const views = await provider.outsideViews({ ...host, address, sshPort }, 22);
      expect(views).toContainEqual({ address, port: sshPort });
      const gateway = await provider.outsideViews({ ...host, address, sshPort }, host.gatewayPort);
      expect(gateway.length).toBeGreaterThan(0);
      for (const view of gateway) expect(views).not.toContainEqual(view);
      await provider.destroy(host.name);
    });

    it("keeps hosts that wait for an agent, and hosts that several share", async () => {
      const [ada, bob] = [parseAgentName("ada"), parseAgentName("bob")];
      const spec = await specFor(provider, "pool", { agents: [] });
      const host = await provider.create(spec, never);
      expect(host.agents).toEqual([]);
      expect(await provider.list()).toEqual([host]);
      for (const agents of [[ada], [ada, bob], [bob], []]) {
        await provider.setLabels(spec.name, { agents });
        expect(await provider.find(spec.name)).toEqual({ ...host, agents });
      }
      await provider.destroy(spec.name);
      expect(await provider.find(spec.name)).toBeNull();
    });

    it("gives two hosts different places and lists them by name", async () => {
      const specs = [await specFor(provider, "bert"), await specFor(provider, "anna")];
      const hosts = await Promise.all(specs.map((spec) => provider.create(spec, never)));
      const places = new Set(hosts.map(({ address, sshPort }) => `${address} ${sshPort}`));
      expect(places.size).toBe(2);
      expect((await provider.list()).map(({ agents }) => agents)).toEqual([["anna"], ["bert"]]);
      await Promise.all(specs.map(({ name }) => provider.destroy(name)));
      expect(await provider.list()).toEqual([]);
    });

    it("refuses a region, a size or an image that it does not have and leaves nothing", async () => {
      for (const [fields, code] of [
        [{ region: "atlantis" }, "input-invalid"],
        [{ size: "colossal\n" }, "input-invalid"],
        [{ image: "lost" }, "image-failed"],
      ] as const) {
        const spec = await specFor(provider, "wrong", fields);
        await expect(provider.create(spec, never)).rejects.toMatchObject({ code });
        expect(await provider.find(spec.name)).toBeNull();
      }
    });

    it("says where its sizes can be had and what they cost, and refuses one where it cannot be had", async () => {
      const { regions, sizes } = await provider.offers();
      for (const { name: size, available } of sizes) {
        for (const { region, price } of available) {
          expect(regions).toContain(region);
          if (price !== null) expect([price.perHour > 0, price.perMonth >= price.perHour]).toEqual([true, true]);
        }
        const missing = regions.find((region) => available.every((one) => one.region !== region));
        if (missing === undefined) continue;
        const spec = await specFor(provider, "scarce", { region: missing, size });
        await expect(provider.create(spec, never)).rejects.toMatchObject({
          code: expect.stringMatching(/input-invalid|capacity/),
        });
        expect(await provider.find(spec.name)).toBeNull();
      }
    });

    it("takes every size that it offers", async () => {
      for (const { name: size, available } of (await provider.offers()).sizes) {
        for (const { region } of available.slice(0, 1)) {
          const spec = await specFor(provider, "sized", { size, region });
          expect(await provider.create(spec, never)).toMatchObject({ size, region });
          await provider.destroy(spec.name);
        }
      }
    });

    it("does nothing when it is told to stop before it begins, with the reason it is given", async () => {
      const reason = new OpsError({ code: "timed-out", userMessage: "Too late." });
      const spec = await specFor(provider, "stopped");
      await expect(provider.create(spec, AbortSignal.abort(reason))).rejects.toBe(reason);
      expect(await provider.find(spec.name)).toBeNull();
      const host = await provider.create(spec, never);
      const labels = { nextHostKeyFingerprint: generateHostKey().fingerprint };
      for (const [why, refusal] of [
        [reason, reason],
        [undefined, expect.objectContaining({ code: "cancelled" })],
      ]) {
        const signal = AbortSignal.abort(why);
        for (const call of [
          () => provider.destroy(spec.name, signal),
          () => provider.start(spec.name, signal),
          () => provider.stop(spec.name, signal),
          () => provider.reboot(spec.name, signal),
          () => provider.setOpenings(spec.name, [], signal),
          () => provider.images.remove(spec.image, signal),
          () => provider.images.status(signal),
          () => provider.setLabels(spec.name, labels, signal),
          () => provider.find(spec.name, signal),
          () => provider.list(signal),
          () => provider.offers(signal),
          () => provider.consoleTail(spec.name, 1, signal),
          () => provider.outsideViews(host, 22, signal),
        ]) {
          await expect(call()).rejects.toEqual(refusal);
        }
      }
      expect(await provider.list()).toEqual([host]);
      await provider.destroy(spec.name);
    });

    /** Every call that changes a host, in an order in which each has something to do; and whether the host is there afterwards. */
    async function changesOf(spec: HostSpec) {
      const openings: Opening[] = [{ protocol: "tcp", port: 22, from: ["203.0.113.0/24"] }];
      return [
        ["create", (signal) => provider.create(spec, signal), "running"],
        ["setOpenings", (signal) => provider.setOpenings(spec.name, openings, signal), "running"],
        ["stop", (signal) => provider.stop(spec.name, signal), "stopped"],
        ["start", (signal) => provider.start(spec.name, signal), "running"],
        ["reboot", (signal) => provider.reboot(spec.name, signal), "running"],
        ["destroy", (signal) => provider.destroy(spec.name, signal), null],
      ] as const satisfies readonly (readonly [
        ChangingCall,
        (signal: AbortSignal) => Promise<unknown>,
        string | null,
      ])[];
    }

    it("comes to the same when an answer was lost and the call is repeated", async (context) => {
      const { interruptions } = under;
      if (interruptions === undefined) return context.skip();
      const spec = await specFor(provider, "lost");
      for (const [call, change, state] of await changesOf(spec)) {
        interruptions.lose(call);
        await expect(change(never), call).rejects.toMatchObject({ userMessage: "The answer was lost." });
        await change(never);
        expect(
          (await provider.list()).map((host) => [host.name, host.state]),
          call,
        ).toEqual(state === null ? [] : [[spec.name, state]]);
      }
    });

    it.for(["before", "after"] as const)(
      "can be told to stop in the middle of a call, %s its effect",
      async (when, context) => {
        const { interruptions } = under;
        if (interruptions === undefined) return context.skip();
        const spec = await specFor(provider, "halfway");
        for (const [call, change, state] of await changesOf(spec)) {
          await stopMidway(interruptions.hold(call, when), change);
          await change(never);
          expect(
            (await provider.list()).map((host) => [host.name, host.state]),
            call,
          ).toEqual(state === null ? [] : [[spec.name, state]]);
        }
      },
    );

    it("refuses what no label can be, and leaves all as it was", async () => {
      const [fingerprint, odd] = [generateHostKey().fingerprint, "SHA256:Nq+/Xw=="];
      const wrong = await specFor(provider, "labelled", { hostKeyFingerprint: odd });
      await expect(provider.create(wrong, never)).rejects.toMatchObject({ code: "internal" });
      expect(await provider.list()).toEqual([]);
      const host = await provider.create(
        await specFor(provider, "labelled", { hostKeyFingerprint: fingerprint }),
        never,
      );
      for (const nextHostKeyFingerprint of [odd, "a".repeat(64), "-a", ""]) {
        const refusal = { code: "internal" };
        await expect(provider.setLabels(host.name, { nextHostKeyFingerprint })).rejects.toMatchObject(refusal);
      }
      expect(await provider.list()).toEqual([host]);
      await provider.destroy(host.name);
    });

    it("can be asked again for what was stopped while it was done", async () => {
      for (const delayMs of [0, 5, 50]) {
        const spec = await specFor(provider, "interrupted");
        const stop = new AbortController();
        const creating = provider.create(spec, stop.signal).catch(() => null);
        setTimeout(() => stop.abort(), delayMs);
        await creating;
        const host = await provider.create(spec, never);
        expect(await provider.list()).toEqual([host]);
        const again = new AbortController();
        const destroying = provider.destroy(spec.name, again.signal).catch(() => null);
        setTimeout(() => again.abort(), delayMs);
        await destroying;
        await provider.destroy(spec.name);
        expect(await provider.list()).toEqual([]);
      }
    });

    it("keeps labels that are changed, one by one, and leaves the others and the host", async () => {
      const spec = await specFor(provider, "rotated");
      const host = await provider.create(spec, never);
      const nextHostKeyFingerprint = generateHostKey().fingerprint;
      for (const _time of ["once", "again"]) await provider.setLabels(spec.name, { nextHostKeyFingerprint });
      expect(await provider.find(spec.name)).toEqual({ ...host, nextHostKeyFingerprint });
      const switched = { hostKeyFingerprint: nextHostKeyFingerprint, nextHostKeyFingerprint: null };
      await provider.setLabels(spec.name, switched);
      expect(await provider.list()).toEqual([{ ...host, ...switched }]);
      await provider.destroy(spec.name);
    });

    it("never lists, changes or removes a machine that is not Creel's", async (context) => {
      if (under.foreign === undefined) return context.skip();
      const name = parseHostName("database-000001");
      const isThere = await under.foreign(name);
      expect(await provider.list()).toEqual([]);
      expect(await provider.find(name)).toBeNull();
      await expect(provider.create(await specFor(provider, "database", { name }), never)).rejects.toThrow();
      await expect(provider.start(name)).rejects.toMatchObject({ code: "host-gone" });
      await expect(provider.setLabels(name, { nextHostKeyFingerprint: null })).rejects.toMatchObject({
        code: "host-gone",
      });
      await expect(provider.stop(name)).rejects.toMatchObject({ code: "host-gone" });
      await expect(provider.reboot(name)).rejects.toMatchObject({ code: "host-gone" });
      await expect(provider.setOpenings(name, ONLY_SSH)).rejects.toMatchObject({ code: "host-gone" });
      await provider.destroy(name);
      expect(await isThere()).toBe(true);
    });

    it("switches a host off, keeps what it is, and switches it on again", async () => {
      const spec = await specFor(provider, "resting");
      const host = await provider.create(spec, never);
      for (const _time of ["once", "again"]) {
        await provider.stop(spec.name);
        expect(await provider.find(spec.name)).toEqual({ ...host, state: "stopped" });
      }
      for (const _state of ["off", "on"]) {
        await provider.reboot(spec.name);
        expect(await provider.list()).toEqual([host]);
      }
      await provider.destroy(spec.name);
    });

    it("lets in what it is told and nothing else, until it is told otherwise", async (context) => {
      const { stranger } = under;
      if (stranger === undefined) return context.skip();
      const spec = await specFor(provider, "guarded");
      const host = await provider.create(spec, never);
      const openings = (network: string): Opening[] => [{ protocol: "tcp", port: 22, from: [network] }];
      const expectIn = () => expect.poll(() => stranger.getsIn(host, 22)).toBe(true);
      await expectIn();
      expect(await stranger.getsIn(host, host.gatewayPort)).toBe(false);
      for (const _time of ["once", "again"]) {
        await provider.setOpenings(spec.name, openings("203.0.113.0/24"));
        expect(await stranger.getsIn(host, 22)).toBe(false);
      }
      for (const network of ["203.0.113.0", "203.0.113.0/33", "all; accept", "::/129"]) {
        const refused = expect.objectContaining({ code: "input-invalid" });
        await expect(provider.setOpenings(spec.name, openings(network))).rejects.toEqual(refused);
      }
      await provider.reboot(spec.name);
      expect(await stranger.getsIn(host, 22)).toBe(false);
      await provider.setOpenings(spec.name, openings(`${stranger.from(host)}/32`));
      await expectIn();
      expect(await provider.find(spec.name)).toEqual(host);
      await provider.setOpenings(spec.name, []);
      expect(await stranger.getsIn(host, 22)).toBe(false);
      await provider.destroy(spec.name);
    });

    it("starts a running host without changing it", async () => {
      const spec = await specFor(provider, "started");
      const host = await provider.create(spec, never);
      await provider.start(spec.name);
      expect(await provider.find(spec.name)).toEqual(host);
      await provider.destroy(spec.name);
    });

    it("says clearly that a host is gone, and destroys it again without complaint", async () => {
      expect(await provider.find(nobody)).toBeNull();
      await expect(provider.start(nobody)).rejects.toMatchObject({ code: "host-gone" });
      const gone = { code: "host-gone" };
      await expect(provider.setLabels(nobody, {})).rejects.toMatchObject(gone);
      await expect(provider.stop(nobody)).rejects.toMatchObject(gone);
      await expect(provider.reboot(nobody)).rejects.toMatchObject(gone);
      await expect(provider.setOpenings(nobody, [])).rejects.toMatchObject(gone);
      expect(await provider.consoleTail(nobody, 5)).toEqual([]);
      const spec = await specFor(provider, "gone");
      await provider.create(spec, never);
      await Promise.all([provider.destroy(spec.name), provider.destroy(spec.name)]);
      await provider.destroy(nobody);
      expect(await provider.find(spec.name)).toBeNull();
    });

    it("makes a fresh host under a name that was used before", async () => {
      const spec = await specFor(provider, "again");
      await provider.create(spec, never);
      await provider.destroy(spec.name);
      const second = await specFor(provider, "again", { name: spec.name });
      expect(await provider.create(second, never)).toMatchObject({ hostKeyFingerprint: second.hostKeyFingerprint });
      await provider.destroy(spec.name);
    });

    it("finds nothing wrong with a machine on which it works", async () => {
      const findings = await provider.diagnose();
      expect(findings.length).toBeGreaterThan(0);
      expect(findings.filter(({ verdict }) => verdict === "problem")).toEqual([]);
    });

    it("removes an image, and none that a host stands on", async () => {
      const spec = await specFor(provider, "standing");
      await provider.create(spec, never);
      const refusal = { code: "wrong-state", userMessage: expect.stringContaining(spec.name) };
      await expect(provider.images.remove(spec.image)).rejects.toMatchObject(refusal);
      expect((await provider.images.status()).all.map(({ id }) => id)).toContain(spec.image);
      await provider.destroy(spec.name);
      await provider.images.remove("lost");
      const spare = await under.spareImage?.();
      if (spare === undefined) return;
      expect((await provider.images.status()).all.map(({ id }) => id)).toContain(spare);
      for (const _time of ["once", "again"]) await provider.images.remove(spare);
      expect((await provider.images.status()).all.map(({ id }) => id)).not.toContain(spare);
    });

    it("has an image, and building it again is free", async () => {
      const { wanted, current, all } = await provider.images.status();
      expect(current?.fingerprint).toBe(wanted);
      expect(all).toContainEqual(current);
      expect(await provider.images.build(() => undefined, never)).toEqual({ image: current, built: false });
    });
  });
}
