import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OpsError, stopped, unlessStopped } from "../../../src/core/errors.ts";
import type { Opening } from "../../../src/core/firewall.ts";
import type { HostName } from "../../../src/core/names.ts";
import type { Boot, LocalDriver } from "./driver.ts";
import type { LocalDrivers } from "./drivers.ts";
import { type HostIdentity, isSameFile, kernelId, kernelIdOfPath, NOT_RUNNING } from "./identity.ts";
import type { Place } from "./record.ts";

interface Running {
  readonly name: HostName;
  readonly installation: string | null;
  readonly folder: string;
  readonly number: number;
  readonly openings: readonly Opening[];
}

export type DriverCall = Exclude<keyof LocalDriver, "name" | "part" | "address" | "outsideViews">;

export interface MemoryDriverOptions {
  /** May throw to break a call, before or after it has had its effect. */
  readonly faults?: (call: DriverCall, when: "before" | "after") => void | Promise<void>;
}

/** A machine whose hosts are entries in a list; their folders and disks are real. */
export interface MemoryMachine {
  driver(options?: MemoryDriverOptions): LocalDriver;
  /** As if it had been cut off from power. */
  powerOff(): void;
  /** Somebody else is at this place from now on. */
  occupy(number: number): void;
  readonly running: () => readonly HostName[];
  /** What is let in to the host of that name that runs; null when none does. */
  openingsOf(name: HostName): readonly Opening[] | null;
}

/** Needs no root and starts nothing. Several providers, such as of a state folder and its copy, may share a machine. */
export function createMemoryMachine(): MemoryMachine {
  const running = new Map<string, Running>();
  const occupied = new Set<number>();

  function driver({ faults = () => undefined }: MemoryDriverOptions = {}): LocalDriver {
    async function around<T>(call: DriverCall, effect: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
      await unlessStopped(faults(call, "before"), signal);
      const result = await effect();
      await unlessStopped(faults(call, "after"), signal);
      return result;
    }

    async function boot({ record, identity, image }: Boot, signal: AbortSignal): Promise<void> {
      running.delete(idOf(identity));
      const number = numberOf(record.place);
      if (occupied.has(number) || [...running.values()].some((one) => one.number === number)) throw taken(number);
      await prepareDisk(record.userData, { folder: identity.folder, image });
      if (signal.aborted) throw stopped(signal);
      const { name, installation, folder } = identity;
      running.set(idOf(identity), { name, installation, folder, number, openings: record.openings });
      await writeFile(join(folder, "console.log"), `${name} login:\n`);
    }

    function letIn(identity: HostIdentity, openings: readonly Opening[]): void {
      const host = running.get(idOf(identity));
      if (host !== undefined) running.set(idOf(identity), { ...host, openings });
    }

    return {
      name: "memory",
      part: "rootfs",
      requireTools: (signal) => around("requireTools", () => undefined, signal),
      findPlace: (others) =>
        around("findPlace", () => {
          const known = new Set([...others.map(({ place }) => numberOf(place)), ...occupied]);
          let number = 1;
          while (known.has(number)) number += 1;
          return { driver: "memory", number };
        }),
      boot: (host, signal) => around("boot", () => boot(host, signal), signal),
      whereabouts: (identity) =>
        around("whereabouts", async () => {
          const found = running.get(idOf(identity));
          if (found === undefined) return NOT_RUNNING;
          const isGone = !existsSync(found.folder);
          const isHere = isGone || (await isSameFile(found.folder, identity.folder));
          return { running: true, elsewhere: isHere ? null : found.folder };
        }),
      running: () =>
        around("running", () =>
          [...running.values()].map(({ name, folder, installation: own }) => ({
            ...{ name, folder, isDeleted: !existsSync(folder), end: `end ${name}` },
            isOf: (installation: string) => installation === own,
          })),
        ),
      sizes: () => around("sizes", () => ({ verdict: "ok", seen: "A size limits nothing.", fix: null })),
      halt: (identity) => around("halt", () => void running.delete(idOf(identity))),
      powerOff: (identity, signal) => around("powerOff", () => void running.delete(idOf(identity)), signal),
      repairSurroundings: ({ record, identity }) =>
        around("repairSurroundings", () => letIn(identity, record.openings)),
      setOpenings: ({ identity }, openings) => around("setOpenings", () => letIn(identity, openings)),
      release: () => around("release", () => undefined),
      diagnose: () => around("diagnose", () => []),
      address: (place) => ({ address: `192.0.2.${numberOf(place)}`, sshPort: 22 }),
      outsideViews: ({ place }, port) => [{ address: `192.0.2.${numberOf(place)}`, port }],
    };
  }

  return {
    driver,
    powerOff: () => running.clear(),
    occupy: (number) => void occupied.add(number),
    running: () => [...running.values()].map(({ name }) => name),
    openingsOf: (name) => [...running.values()].find((host) => host.name === name)?.openings ?? null,
  };
}

/** A machine that has no other driver. */
export function onlyDriver(driver: LocalDriver): LocalDrivers {
  return { mine: [driver], all: [driver], forNewHosts: async () => driver };
}

/** Made once, of what the host was to be at its first boot. */
async function prepareDisk(
  userData: string | null,
  { folder, image }: { readonly folder: string; readonly image: string },
): Promise<void> {
  const disk = join(folder, "upper");
  if (existsSync(disk)) return;
  if (!existsSync(join(image, "rootfs"))) {
    throw new OpsError({ code: "provider-failed", userMessage: `There is no image in ${image}.` });
  }
  await mkdir(disk);
  await writeFile(join(disk, "user-data"), userData ?? "");
}

function idOf({ name, installation, folder }: HostIdentity): string {
  return installation === null ? kernelIdOfPath(folder) : kernelId(installation, name);
}

function numberOf(place: Place): number {
  if (place.driver === "memory") return place.number;
  throw new OpsError({ code: "internal", userMessage: `A host of ${place.driver} is not in this memory.` });
}

function taken(number: number): OpsError {
  return new OpsError({ code: "address-in-use", userMessage: `Something else is at 192.0.2.${number}.` });
}
