import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { admits } from "../../../../services/provider/admits.ts";
import type { DriverCall, MemoryDriverOptions } from "../../../../services/provider/local/memory-driver.ts";
import { OpsError } from "../../../../src/core/errors.ts";
import type { Host } from "../../../../src/core/host.ts";
import type { HostName } from "../../../../src/core/names.ts";
import { specFor } from "../../../contract/host-spec.ts";
import { interruptions } from "../../../contract/interruptions.ts";
import { localDriverContract } from "../../../contract/local-driver.ts";
import { providerContract } from "../../../contract/provider.ts";
import type { ChangingCall, ProviderUnderTest } from "../../../contract/provider-under-test.ts";
import { imageIn } from "./image-in.ts";
import { localWorld } from "./local-world.ts";

providerContract("a machine in memory", async () => {
  const { provider, dispose, machine, cacheDir } = await localWorld();
  const stranger = {
    from: () => "198.51.100.7",
    getsIn: async ({ name }: Host, port: number) => admits(machine.openingsOf(name) ?? [], port, "198.51.100.7"),
  };
  const spareImage = async () => (await imageIn(cacheDir, { fingerprint: "0123456789abcdef", createdAtMs: 1 })).id;
  const calls = interruptions<DriverCall>();
  // What the driver is asked for when the provider is.
  const asked: Readonly<Record<ChangingCall, DriverCall>> = {
    ...{ create: "boot", start: "boot", stop: "powerOff", reboot: "powerOff" },
    ...{ setOpenings: "setOpenings", destroy: "halt" },
  };
  const middle: NonNullable<ProviderUnderTest["interruptions"]> = {
    lose: (call) => calls.lose(asked[call]),
    hold: (call, when) => calls.hold(asked[call], when),
  };
  return { provider: provider({}, calls.faults), interruptions: middle, stranger, spareImage, dispose };
});

localDriverContract("memory", async () => {
  const { machine, image, directory, dispose } = await localWorld();
  return { driver: machine.driver(), image: image.directory, folder: directory, userData: (name) => name, dispose };
});

const never = new AbortController().signal;
const broken = new OpsError({ code: "provider-failed", userMessage: "It does not boot." });

describe("hosts on this machine", () => {
  let world: Awaited<ReturnType<typeof localWorld>>;
  beforeEach(async () => {
    world = await localWorld();
  });
  afterEach(() => world.dispose());

  const hostFile = (name: HostName, ...path: string[]) => join(world.stateDir, "hosts", name, ...path);
  const recordOf = async (name: HostName) => JSON.parse(await readFile(hostFile(name, "host.json"), "utf8"));
  const imagesKept = async () => (await readdir(join(world.stateDir, "images"))).sort();
  const failing =
    (call: string, when: string, error: OpsError): NonNullable<MemoryDriverOptions["faults"]> =>
    (...now) => {
      if (now[0] === call && now[1] === when) throw error;
    };

  it("leave nothing behind when they could not be made", async () => {
    for (const [call, when] of [
      ["requireTools", "before"],
      ["findPlace", "after"],
      ["boot", "before"],
      ["boot", "after"],
    ] as const) {
      const provider = world.provider({}, failing(call, when, broken));
      const spec = await specFor(provider, "ada");
      await expect(provider.create(spec, never), `${call} ${when}`).rejects.toBe(broken);
      expect(await provider.list()).toEqual([]);
      expect(world.machine.running()).toEqual([]);
      expect(await readdir(join(world.stateDir, "hosts")).catch(() => [])).toEqual([]);
    }
  });

  it("are made to their end when that was cut off, wherever it was", async () => {
    const provider = world.provider();
    const spec = await specFor(provider, "ada");
    const host = await provider.create(spec, never);
    const record = await recordOf(spec.name);
    await provider.destroy(spec.name);
    // Killed when nothing but the record was there.
    await mkdir(hostFile(spec.name), { recursive: true });
    await writeFile(hostFile(spec.name, "host.json"), JSON.stringify({ ...record, userData: "#cloud-config\n" }));
    expect(await provider.list()).toMatchObject([{ name: spec.name, state: "stopped" }]);
    expect(await provider.create(await specFor(provider, "ada", { name: spec.name }), never)).toEqual(host);
    // The first boot is that of the spec that was there first.
    expect(await readFile(hostFile(spec.name, "upper", "user-data"), "utf8")).toBe("#cloud-config\n");
    expect((await recordOf(spec.name)).userData).toBeNull();
  });

  it("stay when they were there before and do not start", async () => {
    const spec = await specFor(world.provider(), "ada");
    await world.provider().create(spec, never);
    world.machine.powerOff();
    const provider = world.provider({}, failing("boot", "before", broken));
    await expect(provider.create(spec, never)).rejects.toBe(broken);
    await expect(provider.start(spec.name)).rejects.toBe(broken);
    expect(await provider.list()).toMatchObject([{ name: spec.name, state: "stopped" }]);
  });

  it("are off after a power cut, and start from the disk they had", async () => {
    const provider = world.provider();
    const spec = await specFor(provider, "ada");
    const host = await provider.create(spec, never);
    await writeFile(hostFile(spec.name, "upper", "file"), "mine");
    world.machine.powerOff();
    expect(await provider.find(spec.name)).toEqual({ ...host, state: "stopped" });
    await provider.start(spec.name);
    expect(await provider.find(spec.name)).toEqual(host);
    expect(await readFile(hostFile(spec.name, "upper", "file"), "utf8")).toBe("mine");
    expect(await provider.consoleTail(spec.name, 5)).toEqual([`${spec.name} login:`]);
  });

  it("go to another place when theirs has been taken", async () => {
    world.machine.occupy(1);
    const provider = world.provider();
    const spec = await specFor(provider, "ada");
    const host = await provider.create(spec, never);
    expect(host.address).toBe("192.0.2.2");
    world.machine.powerOff();
    world.machine.occupy(2);
    await provider.start(spec.name);
    expect(await provider.find(spec.name)).toEqual({ ...host, address: "192.0.2.3" });
  });

  it("are found with the keys that were changed, by whoever comes later", async () => {
    const spec = await specFor(world.provider(), "ada");
    const host = await world.provider().create(spec, never);
    const nextHostKeyFingerprint = "b".repeat(52);
    await world.provider().setLabels(spec.name, { nextHostKeyFingerprint });
    expect(await world.provider().list()).toEqual([{ ...host, nextHostKeyFingerprint }]);
  });

  it("are told from those of a copied folder, which is left alone", async () => {
    const provider = world.provider();
    const spec = await specFor(provider, "ada");
    const host = await provider.create(spec, never);
    const copy = join(world.directory, "copy");
    await cp(world.stateDir, copy, { recursive: true });
    const copied = world.provider({ stateDir: copy });
    for (const call of [() => copied.find(spec.name), () => copied.start(spec.name), () => copied.destroy(spec.name)])
      await expect(call()).rejects.toMatchObject({ code: "wrong-state" });
    expect(await copied.list()).toEqual([]);
    expect((await copied.diagnose()).filter(({ subject }) => subject === "local hosts")).toMatchObject([
      { verdict: "problem", seen: expect.stringContaining(`runs from ${world.stateDir}`) },
    ]);
    expect(await provider.find(spec.name)).toEqual(host);
  });

  it("of another state folder on the same machine are never listed, changed or ended, whatever they are called", async () => {
    const other = world.provider({ stateDir: join(world.directory, "other") });
    const spec = await specFor(other, "ada");
    const host = await other.create(spec, never);
    const provider = world.provider();
    expect([await provider.list(), await provider.find(spec.name)]).toEqual([[], null]);
    await expect(provider.stop(spec.name)).rejects.toMatchObject({ code: "host-gone" });
    await provider.destroy(spec.name);
    const own = await provider.create(await specFor(provider, "ada", { name: spec.name }), never);
    expect(own.address).not.toBe(host.address);
    await provider.destroy(spec.name);
    expect(await other.list()).toEqual([host]);
  });

  it("that run without a record are named by the doctor, and end when they are destroyed", async () => {
    const provider = world.provider();
    const spec = await specFor(provider, "ada");
    await provider.create(spec, never);
    await rm(hostFile(spec.name), { recursive: true });
    expect(await provider.list()).toEqual([]);
    expect(await provider.diagnose()).toContainEqual(
      expect.objectContaining({ verdict: "problem", seen: expect.stringContaining(`The host ${spec.name} runs`) }),
    );
    await provider.destroy(spec.name);
    expect(world.machine.running()).toEqual([]);
  });

  it("keep the image they were made from, which goes with the last of them, and start others from the one that is asked for", async () => {
    const provider = world.provider();
    const one = await provider.create(await specFor(provider, "one"), never);
    const newer = await imageIn(world.cacheDir, { fingerprint: `${"f".repeat(15)}0`, createdAtMs: 9 });
    const two = await provider.create(await specFor(provider, "two", { image: newer.id }), never);
    expect([one.image, two.image]).toEqual([world.image.id, newer.id]);
    expect(await imagesKept()).toEqual([world.image.id, newer.id].sort());
    await rm(newer.directory, { recursive: true });
    // The cache has lost it, and the way back to it is still there.
    const three = await provider.create(await specFor(provider, "three", { image: newer.id }), never);
    await provider.destroy(two.name);
    expect(await imagesKept()).toContain(newer.id);
    await provider.destroy(three.name);
    expect(await imagesKept()).toEqual([world.image.id]);
    await provider.destroy(one.name);
    // The next one starts from it.
    expect(await imagesKept()).toEqual([world.image.id]);
  });

  it("of an older Creel, which stood on the cache, get an image and what was not written down when they are started", async () => {
    const provider = world.provider();
    const spec = await specFor(provider, "ada");
    const host = await provider.create(spec, never);
    world.machine.powerOff();
    const { image, snapshot, installation, internet, gatewayPort, containerImage, system, ...older } = await recordOf(
      spec.name,
    );
    expect([image, snapshot]).toEqual([world.image.id, world.image.id]);
    await rm(join(world.stateDir, "images"), { recursive: true });
    const folder = world.image.directory;
    await writeFile(hostFile(spec.name, "host.json"), JSON.stringify({ ...older, snapshot: folder }));
    expect(await provider.find(spec.name)).toEqual({ ...host, state: "stopped" });
    await expect(provider.images.remove(world.image.id)).rejects.toMatchObject({ code: "wrong-state" });
    await provider.start(spec.name);
    expect(await provider.find(spec.name)).toEqual(host);
    const whole = { ...older, image, snapshot, installation, internet, gatewayPort, containerImage, system };
    expect(await recordOf(spec.name)).toEqual(whole);
  });

  it("say so when the image they stand on is gone", async () => {
    const provider = world.provider();
    const spec = await specFor(provider, "ada");
    await provider.create(spec, never);
    world.machine.powerOff();
    const kept = join(world.stateDir, "images", world.image.id);
    await rename(kept, `${kept}.away`);
    const refusal = { code: "image-failed", hint: expect.stringContaining(kept) };
    await expect(provider.start(spec.name)).rejects.toMatchObject(refusal);
    await rename(`${kept}.away`, kept);
    await provider.start(spec.name);
  });
});
