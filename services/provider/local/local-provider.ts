import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { OpsError, stopped } from "../../../src/core/errors.ts";
import type { Host } from "../../../src/core/host.ts";
import type { HostName } from "../../../src/core/names.ts";
import { chooseOffer, type Offers } from "../../../src/core/offers.ts";
import { toLabels } from "../labels.ts";
import type { HostSpec, Provider } from "../provider.ts";
import { hostGone, imageInUse, noSuchImage, requireCloudConfig, requireOpenings } from "../spec.ts";
import { bootSomewhere } from "./boot.ts";
import { createCachedImages, type LocalImage } from "./cached-images.ts";
import { tailOf } from "./console.ts";
import { diagnoseLocal } from "./diagnose.ts";
import { diagnoseHosts } from "./diagnose-hosts.ts";
import type { LocalDriver } from "./driver.ts";
import { type DriverOptions, type LocalDrivers, localDrivers } from "./drivers.ts";
import { goldenImages } from "./golden.ts";
import { createHostImages } from "./host-images.ts";
import { exceptElsewhere, type HostIdentity, runsElsewhere } from "./identity.ts";
import { imageId, readImageRecord } from "./image-record.ts";
import { installationOf } from "./installation.ts";
import { withFileLock } from "./lock.ts";
import { requireSpace } from "./machine.ts";
import { noteUse } from "./old-images.ts";
import { requirePlainPaths } from "./plain-path.ts";
import { type ImageOptions, recipeFor } from "./recipe.ts";
import { copied, createHostRecords, type HostRecord } from "./record.ts";
import { sameFolder } from "./same-folder.ts";

export interface LocalProviderOptions extends ImageOptions, DriverOptions {
  /** Default `local`. Unique among the providers that share a Redis: hosts of one folder cannot be reached through another. */
  readonly name?: string;
  /** Hosts live in `hosts` below it, and what they were made from in `images`. */
  readonly stateDir: string;
  /** The gateway's port on the host; default 18789. */
  readonly gatewayPort?: number;
}

const OFFERS: Offers = {
  regions: ["local"],
  sizes: [
    { name: "small", cpus: 2, memoryMb: 2048, diskGb: 20 },
    { name: "medium", cpus: 2, memoryMb: 4096, diskGb: 40 },
    { name: "large", cpus: 4, memoryMb: 8192, diskGb: 80 },
  ].map((size) => ({ ...size, available: [{ region: "local", price: null }] })),
};
/** Room for the first hours of a host; it grows as it is used. */
const HOST_BYTES = 2 ** 30;
const LOCK_STRIPES = 16;

/** Hosts on this machine, under systemd-nspawn or qemu. */
export function createLocalProvider(
  options: LocalProviderOptions,
  drivers: LocalDrivers = localDrivers(options),
): Provider {
  const hostsDir = join(options.stateDir, "hosts");
  const locksDir = join(options.stateDir, "locks");
  const requirePlace = sameFolder(options.stateDir);
  const records = createHostRecords(hostsDir, requirePlace);
  const requirePaths = () => requirePlainPaths([options.stateDir, options.cacheDir]);
  const hostImages = createHostImages(join(options.stateDir, "images"));
  const { name: providerName = "local", internet = true, gatewayPort = 18_789 } = options;
  const images = goldenImages({
    ...{
      images: createCachedImages(options, records.imagesInUse),
      hostImages,
      requirePaths,
    },
    part: async () => (await drivers.forNewHosts()).part,
    keep: (image, signal) => lock("images", signal, async () => void (await keepImage(image, signal))),
  });
  const never = new AbortController().signal;

  async function lock<T>(name: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    requirePlace();
    await mkdir(locksDir, { recursive: true });
    return await withFileLock(join(locksDir, name), signal, () => undefined, work);
  }

  /** A few locks shared by all hosts: one per host would leave a file behind for each. */
  function lockHost<T>(name: HostName, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const stripe = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % LOCK_STRIPES, 0);
    return lock(`host-${stripe}`, signal, work);
  }

  /** @throws OpsError `provider-failed` for a host of a driver that is not on this machine. */
  function driverOf({ name, place }: Pick<HostRecord, "name" | "place">): LocalDriver {
    const driver = drivers.all.find((one) => one.name === place.driver);
    if (driver !== undefined) return driver;
    throw new OpsError({
      code: "provider-failed",
      userMessage: `${name} is a host of ${place.driver}, which is not here.`,
    });
  }

  function identityOf({ name, installation }: Pick<HostRecord, "name" | "installation">): HostIdentity {
    return { name, installation, folder: records.folder(name) };
  }

  /** @throws OpsError `wrong-state` when it runs from another folder, of which this one is a copy. */
  async function isRunning(record: HostRecord): Promise<boolean> {
    const found = await driverOf(record).whereabouts(identityOf(record));
    if (found.running && found.elsewhere !== null) throw runsElsewhere(record.name, found.elsewhere);
    return found.running;
  }

  /** Older Creels have noted a folder in the cache until the host is started again; null when that has gone. */
  async function imageOf({ image }: HostRecord): Promise<string | null> {
    const known = isAbsolute(image) ? await readImageRecord(image) : null;
    return isAbsolute(image) ? known && imageId(known) : image;
  }

  async function describe(record: HostRecord): Promise<Host> {
    const { name, agents, operation, createdAtMs, region, size, system, hostKeyFingerprint, place } = record;
    const { nextHostKeyFingerprint } = record;
    const image = await imageOf(record);
    const state = (await isRunning(record)) ? "running" : "stopped";
    const labels = { agents, operation, system, image, hostKeyFingerprint, nextHostKeyFingerprint };
    return {
      ...{
        ...labels,
        name,
        createdAtMs,
        region,
        size,
        provider: providerName,
        state,
        gatewayPort: wayOut(record).gatewayPort,
      },
      containerImage: record.containerImage ?? recipeFor(options).containerImage,
      ...driverOf(record).address(place),
    };
  }

  /** Brings the image into the state folder and removes those that neither a host nor the next one needs. Under the lock of images. */
  async function keepImage(image: LocalImage, signal: AbortSignal): Promise<string> {
    const name = await hostImages.keep(image, (await drivers.forNewHosts()).part, signal);
    await removeUnusedImages(name);
    return name;
  }

  /** Those that are not even what a new host would start from. Under the lock of images. */
  async function removeUnusedImages(...alsoUsed: readonly string[]): Promise<void> {
    const used = await records.imagesInUse();
    const current = await images.current();
    if (used !== null)
      await hostImages.removeUnused(new Set([...used, ...alsoUsed, ...(current === null ? [] : [current.id])]));
  }

  async function removeImage(id: string, signal: AbortSignal = never): Promise<void> {
    await lock("images", signal, async () => {
      if ((await records.imagesInUse()) === null) throw imageInUse(id, null);
      const standing = (await records.all()).map(async (record) =>
        (await imageOf(record)) === id ? [record.name] : [],
      );
      const names = (await Promise.all(standing)).flat();
      if (names.length > 0) throw imageInUse(id, names);
      await images.remove(id, signal);
      await hostImages.remove(id);
    });
  }

  /** Claims an address and writes the record, so that from here on the host has a name, whatever happens. */
  async function claim(spec: HostSpec, signal: AbortSignal): Promise<HostRecord> {
    const { region, size } = chooseOffer(OFFERS, spec);
    requireOpenings(spec.openings);
    const { name, agents, operation, system, hostKeyFingerprint } = spec;
    // Of the same rule as everywhere, so that nothing works here that a cloud refuses.
    toLabels({ ...spec, nextHostKeyFingerprint: null });
    const userData = requireCloudConfig(spec);
    const driver = await drivers.forNewHosts();
    await driver.requireTools(signal);
    await mkdir(hostsDir, { recursive: true, mode: 0o700 });
    await requireSpace(hostsDir, HOST_BYTES, `The host ${name}`);
    return await lock("images", signal, async () => {
      const golden = await images.find(spec.image);
      if (golden === null) throw noSuchImage(spec.image);
      const image = await keepImage(golden, signal);
      await noteUse(golden.directory);
      return await lock("places", signal, async () => {
        const record: HostRecord = {
          ...{
            managedBy: "creel",
            name,
            agents: [...agents],
            operation,
            hostKeyFingerprint,
            userData,
            region,
            size: size.name,
          },
          system,
          ...{ cpus: size.cpus, memoryMb: size.memoryMb, diskGb: size.diskGb, internet, gatewayPort },
          nextHostKeyFingerprint: null,
          createdAtMs: Date.now(),
          openings: copied(spec.openings),
          image,
          containerImage: golden.containerImage,
          installation: installationOf(options.stateDir).id,
          place: await driver.findPlace(await records.all()),
        };
        await records.write(record);
        return record;
      });
    });
  }

  function aroundOf(record: HostRecord) {
    return { record, identity: identityOf(record), internet: wayOut(record).internet };
  }

  async function boot(record: HostRecord, signal: AbortSignal): Promise<void> {
    const driver = driverOf(record);
    const image = hostImages.path(record.image);
    requireImage(record, join(image, driver.part));
    const hostOf = (current: HostRecord) => ({
      ...{ record: current, identity: identityOf(current), image },
      ...wayOut(current),
    });
    await bootSomewhere(
      record,
      { driver, records, hostOf, lockPlaces: (work) => lock("places", signal, work) },
      signal,
    );
  }

  function wayOut(record: HostRecord): { readonly internet: boolean; readonly gatewayPort: number } {
    return { internet: record.internet ?? internet, gatewayPort: record.gatewayPort ?? gatewayPort };
  }

  async function remove(record: HostRecord | null, name: HostName): Promise<void> {
    if (record === null) {
      // Its folder may have been lost while it runs: who knows nothing of it may still hear of it from the machine.
      const gone = { name, installation: installationOf(options.stateDir).id, folder: records.folder(name) };
      for (const driver of drivers.mine) {
        const found = await driver.whereabouts(gone);
        if (found.running && found.elsewhere !== null) throw runsElsewhere(name, found.elsewhere);
        await driver.halt(gone);
      }
    } else {
      const driver = driverOf(record);
      await isRunning(record);
      await driver.halt(identityOf(record));
      // Before the record goes: who repeats a removal that was cut off comes by here again.
      await driver.release(record.place);
    }
    await records.remove(name);
    if (record === null || isAbsolute(record.image)) return;
    await lock("images", never, async () => {
      await removeUnusedImages();
    });
  }

  async function powerOff(record: HostRecord, signal: AbortSignal): Promise<void> {
    if (await isRunning(record)) await driverOf(record).powerOff(identityOf(record), signal);
  }

  async function wake(record: HostRecord, signal: AbortSignal): Promise<void> {
    const driver = driverOf(record);
    const running = await isRunning(record);
    const whole = await completed(record, running, signal);
    if (running) await driver.repairSurroundings(aroundOf(whole));
    else await boot(whole, signal);
  }

  /** Writes down what an older Creel has not, so that neither a changed setting nor a removed cache reaches this host. */
  async function completed(record: HostRecord, running: boolean, signal: AbortSignal): Promise<HostRecord> {
    const image = isAbsolute(record.image) ? await takeIn(record, signal) : record.image;
    const containerImage = record.containerImage ?? (await readImageRecord(hostImages.path(image)))?.containerImage;
    const whole: HostRecord = {
      ...record,
      ...wayOut(record),
      image,
      containerImage: containerImage ?? null,
      // One that runs is still called in the old way.
      installation: record.installation ?? (running ? null : installationOf(options.stateDir).id),
    };
    if (!isDeepStrictEqual(whole, record)) await records.write(whole);
    return whole;
  }

  /** The name of the image that a host of an older Creel gets instead of an image in the cache; the image when that has gone. */
  async function takeIn(record: HostRecord, signal: AbortSignal): Promise<string> {
    const { image: directory } = record;
    const known = await readImageRecord(directory);
    if (known === null) return directory;
    const { part } = driverOf(record);
    return await lock("images", signal, () =>
      hostImages.keep({ ...known, id: imageId(known), directory }, part, signal),
    );
  }

  /** Without those that run from another folder: as with broken records, one must not stop the work on all others. */
  async function list(signal?: AbortSignal): Promise<Host[]> {
    if (signal?.aborted) throw stopped(signal);
    const hosts = await Promise.all((await records.all()).map((record) => describe(record).catch(exceptElsewhere)));
    return hosts.filter((host) => host !== null);
  }

  async function existing(name: HostName): Promise<HostRecord> {
    const record = await records.read(name);
    if (record === null) throw hostGone(name);
    return record;
  }

  return {
    name: providerName,
    internet,
    images: { ...images, remove: removeImage },
    async offers(signal) {
      if (signal?.aborted) throw stopped(signal);
      // Asked before anything is begun: in such a folder nothing can be offered.
      requirePaths();
      return OFFERS;
    },
    async create(spec, signal, report = () => undefined) {
      requirePaths();
      return await lockHost(spec.name, signal, async () => {
        const before = await records.read(spec.name);
        if (before === null) report("Getting its image ready");
        const record = before ?? (await claim(spec, signal));
        try {
          report("Starting it");
          await wake(record, signal);
        } catch (error) {
          if (before === null) await remove(record, spec.name);
          throw error;
        }
        return await describe(await existing(spec.name));
      });
    },
    async find(name, signal) {
      if (signal?.aborted) throw stopped(signal);
      const record = await records.read(name);
      return record && (await describe(record));
    },
    list,
    setLabels: (name, labels, signal = never) =>
      lockHost(name, signal, async () => {
        const { agents, ...others } = labels;
        const record = await existing(name);
        toLabels({ ...record, ...labels });
        await records.write({ ...record, ...others, ...(agents === undefined ? {} : { agents: [...agents] }) });
      }),
    start: (name, signal = never) => lockHost(name, signal, async () => wake(await existing(name), signal)),
    stop: (name, signal = never) => lockHost(name, signal, async () => powerOff(await existing(name), signal)),
    reboot: (name, signal = never) =>
      lockHost(name, signal, async () => {
        await powerOff(await existing(name), signal);
        await wake(await existing(name), signal);
      }),
    setOpenings: (name, openings, signal = never) =>
      lockHost(name, signal, async () => {
        const record = await existing(name);
        const changed = { ...record, openings: copied(requireOpenings(openings)) };
        if (await isRunning(record)) await driverOf(record).setOpenings(aroundOf(record), changed.openings);
        await records.write(changed);
      }),
    destroy: (name, signal = never) => lockHost(name, signal, async () => remove(await records.read(name), name)),
    async consoleTail(name, lines, signal) {
      if (signal?.aborted) throw stopped(signal);
      return await tailOf(join(records.folder(name), "console.log"), lines);
    },
    async diagnose() {
      const driver = await drivers.forNewHosts();
      const requirements = async (signal: AbortSignal) => {
        requirePaths();
        await driver.requireTools(signal);
      };
      return [
        ...(await diagnoseLocal(driver, { requirements, images })),
        ...(await diagnoseHosts({
          ...{ hostsDir, records, drivers, isRunning },
          installation: () => (existsSync(hostsDir) ? installationOf(options.stateDir).id : null),
          internet: (record) => wayOut(record).internet,
        })),
      ];
    },
    async outsideViews(host, port, signal) {
      if (signal?.aborted) throw stopped(signal);
      const record = await existing(host.name);
      return driverOf(record).outsideViews(record, port);
    },
  };
}

function requireImage({ name, image }: HostRecord, path: string): void {
  if (existsSync(path)) return;
  throw new OpsError({
    code: "image-failed",
    userMessage: `The host ${name} cannot be started: the image it was made from, ${image}, is gone.`,
    hint: `Put ${path} back from a copy, or /destroy the agent.`,
  });
}
