import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { OpsError } from "../../../src/core/errors.ts";
import type { Host } from "../../../src/core/host.ts";
import type { HostName } from "../../../src/core/names.ts";
import type { HostSpec, Offers, Provider } from "../provider.ts";
import { chooseOffer, hostGone } from "../spec.ts";
import { chooseDriver, type DriverName } from "./choose-driver.ts";
import { tailOf } from "./console.ts";
import { diagnoseLocal, diagnoseSurroundings, unusableEntry } from "./diagnose.ts";
import type { LocalDriver } from "./driver.ts";
import { withFileLock } from "./lock.ts";
import { requireSpace } from "./machine.ts";
import { createNspawnDriver } from "./nspawn/driver.ts";
import { requirePlainPaths } from "./plain-path.ts";
import { createQemuDriver } from "./qemu/driver.ts";
import { machineDisk } from "./qemu/machine-disk.ts";
import type { SnapshotOptions } from "./recipe.ts";
import { createHostRecords, type HostRecord } from "./record.ts";
import { createLocalSnapshots, type LocalSnapshots } from "./snapshots.ts";

export interface LocalProviderOptions extends SnapshotOptions {
  /** Default `local`. Unique among the providers that share a Redis: hosts of one folder cannot be reached through another. */
  readonly name?: string;
  /** Hosts live in `hosts` below it. */
  readonly stateDir: string;
  readonly driver?: DriverName | "auto";
  /** First two numbers of the /16 that nspawn hosts get addresses from; default "10.99". */
  readonly subnet?: string;
  /** Whether hosts reach the internet; default true. With nspawn it sets this machine's `ip_forward` and a table in nftables. */
  readonly internet?: boolean;
  /** The gateway's port on every host; default 18789. */
  readonly gatewayPort?: number;
}

const OFFERS: Offers = {
  regions: ["local"],
  sizes: [
    { name: "small", cpus: 2, memoryMb: 2048, diskGb: 20 },
    { name: "medium", cpus: 2, memoryMb: 4096, diskGb: 40 },
    { name: "large", cpus: 4, memoryMb: 8192, diskGb: 80 },
  ],
};
/** Room for the first hours of a host; it grows as it is used. */
const HOST_BYTES = 2 ** 30;
const PLACE_ATTEMPTS = 5;
const LOCK_STRIPES = 16;

/** Hosts on this machine, under systemd-nspawn or qemu. */
export function createLocalProvider(options: LocalProviderOptions): Provider {
  const hostsDir = join(options.stateDir, "hosts");
  const locksDir = join(options.stateDir, "locks");
  const records = createHostRecords(hostsDir);
  const requirePaths = () => requirePlainPaths([options.stateDir, options.cacheDir]);
  const snapshots = withMachineDisk(createLocalSnapshots(options), options.driver ?? "auto", requirePaths);
  const { name: providerName = "local", internet = true, subnet = "10.99", gatewayPort = 18_789 } = options;
  const drivers: Readonly<Record<DriverName, LocalDriver>> = {
    nspawn: createNspawnDriver({ prefix: subnet, internet }),
    qemu: createQemuDriver({ stateDir: options.stateDir, internet, gatewayPort }),
  };
  const driverOf = (record: HostRecord) => drivers[record.place.driver];
  const never = new AbortController().signal;

  async function lock<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await mkdir(locksDir, { recursive: true });
    return await withFileLock(join(locksDir, name), signal, () => undefined, work);
  }

  /** A few locks shared by all hosts: one per host would leave a file behind for each. */
  function lockHost<T>(name: HostName, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const stripe = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % LOCK_STRIPES, 0);
    return lock(`host-${stripe}`, signal, work);
  }

  async function describe(record: HostRecord): Promise<Host> {
    const { name, agent, operation, createdAtMs, region, size, hostKeyFingerprint, place } = record;
    const driver = driverOf(record);
    const state = (await driver.isRunning(record, records.folder(name))) ? "running" : "stopped";
    const labels = { name, agent, operation, createdAtMs, region, size, hostKeyFingerprint };
    return { ...labels, provider: providerName, state, ...driver.address(place) };
  }

  /** Claims an address and writes the record, so that from here on the host has a name, whatever happens. */
  async function claim(spec: HostSpec, signal: AbortSignal): Promise<HostRecord> {
    const { region, size } = chooseOffer(OFFERS, spec);
    const { name, agent, operation, hostKeyFingerprint, userData } = spec;
    const driverName = await chooseDriver(options.driver ?? "auto");
    await drivers[driverName].requireTools(signal);
    const snapshot = await snapshots.current();
    if (snapshot === null) {
      throw new OpsError({
        code: "snapshot-failed",
        userMessage: "There is no golden snapshot to make a host from.",
        hint: "Run /image build.",
      });
    }
    await mkdir(hostsDir, { recursive: true, mode: 0o700 });
    await requireSpace(hostsDir, HOST_BYTES, `The host ${name}`);
    return await lock("places", signal, async () => {
      const record: HostRecord = {
        ...{ managedBy: "creel", name, agent, operation, hostKeyFingerprint, userData, region, size: size.name },
        ...{ cpus: size.cpus, memoryMb: size.memoryMb, diskGb: size.diskGb },
        createdAtMs: Date.now(),
        snapshot: snapshot.directory,
        place: await drivers[driverName].findPlace(await records.all()),
      };
      await records.write(record);
      return record;
    });
  }

  /** Boots at the record's place, or at another one when something else has taken that. */
  async function boot(record: HostRecord, signal: AbortSignal): Promise<void> {
    const driver = driverOf(record);
    let current = record;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await driver.boot(current, records.folder(record.name), signal);
        // The disk has it now; the private host key in it need not be in two places.
        if (current.userData !== null) await records.write({ ...current, userData: null });
        return;
      } catch (error) {
        if (!(error instanceof OpsError) || error.code !== "address-in-use" || attempt === PLACE_ATTEMPTS) throw error;
        current = await lock("places", signal, async () => {
          // The place that did not work counts as taken.
          const moved = { ...current, place: await driver.findPlace(await records.all()) };
          await records.write(moved);
          return moved;
        });
      }
    }
  }

  async function remove(record: HostRecord | null, name: HostName): Promise<void> {
    if (record !== null) {
      const driver = driverOf(record);
      await driver.halt(record, records.folder(name));
      // Before the record goes: who repeats a removal that was cut off comes by here again.
      await driver.release();
    }
    await records.remove(name);
  }

  async function wake(record: HostRecord, signal: AbortSignal): Promise<void> {
    const driver = driverOf(record);
    if (await driver.isRunning(record, records.folder(record.name))) await driver.repairSurroundings();
    else await boot(record, signal);
  }

  const list = async () => await Promise.all((await records.all()).map(describe));

  async function existing(name: HostName): Promise<HostRecord> {
    const record = await records.read(name);
    if (record === null) throw hostGone(name);
    return record;
  }

  return {
    name: providerName,
    snapshots,
    async offers() {
      // Asked before anything is begun: in such a folder nothing can be offered.
      requirePaths();
      return OFFERS;
    },
    async create(spec, signal) {
      requirePaths();
      return await lockHost(spec.name, signal, async () => {
        const before = await records.read(spec.name);
        const record = before ?? (await claim(spec, signal));
        try {
          await wake(record, signal);
        } catch (error) {
          if (before === null) await remove(record, spec.name);
          throw error;
        }
        return await describe(await existing(spec.name));
      });
    },
    async find(name) {
      const record = await records.read(name);
      return record && (await describe(record));
    },
    list,
    setHostKeyFingerprint: (name, hostKeyFingerprint) =>
      lockHost(name, never, async () => records.write({ ...(await existing(name)), hostKeyFingerprint })),
    start: (name) => lockHost(name, never, async () => wake(await existing(name), never)),
    destroy: (name) => lockHost(name, never, async () => remove(await records.read(name), name)),
    consoleTail: (name, lines) => tailOf(join(records.folder(name), "console.log"), lines),
    async diagnose() {
      const driverName = await chooseDriver(options.driver ?? "auto");
      const requirements = async (signal: AbortSignal) => {
        requirePaths();
        await drivers[driverName].requireTools(signal);
      };
      return [
        ...(await diagnoseLocal(driverName, requirements, snapshots)),
        ...(await records.unusable()).map(unusableEntry),
        ...(await diagnoseSurroundings(drivers[driverName], list)),
      ];
    },
    outsideView: (host, port) => drivers[host.address === "127.0.0.1" ? "qemu" : "nspawn"].outsideView(host, port),
  };
}

/** Virtual machines need a disk beside the snapshot's root. Making it needs root too, so it is made where root is expected. */
function withMachineDisk(
  snapshots: LocalSnapshots,
  driver: DriverName | "auto",
  requirePaths: () => void,
): LocalSnapshots {
  return {
    ...snapshots,
    async build(report, signal, options) {
      requirePaths();
      const snapshot = await snapshots.build(report, signal, options);
      const built = await snapshots.current();
      if (built !== null && (await chooseDriver(driver)) === "qemu") {
        report({ stage: "Making the disk for virtual machines", number: 1, of: 1 });
        await machineDisk(built.directory, signal);
      }
      return snapshot;
    },
  };
}
