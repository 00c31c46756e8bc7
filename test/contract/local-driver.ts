import { existsSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Boot, LocalDriver } from "../../services/provider/local/driver.ts";
import type { HostRecord, Place } from "../../services/provider/local/record.ts";
import { parseAgentName, parseHostName, parseOperationId } from "../../src/core/names.ts";

export interface DriverUnderTest {
  readonly driver: LocalDriver;
  /** Directory of an image that has the driver's part. */
  readonly image: string;
  /** An empty folder on a file system that can carry hosts. */
  readonly folder: string;
  /** What a host of that name is told for its first boot. */
  userData(name: string): string;
  /** Removes whatever the tests have left. */
  dispose(): Promise<void>;
}

const never = new AbortController().signal;

/** What every way to run hosts on this machine has to do. */
export function localDriverContract(title: string, make: () => Promise<DriverUnderTest>): void {
  describe(`${title} as a driver`, () => {
    let under: DriverUnderTest;
    let driver: LocalDriver;
    const known: HostRecord[] = [];

    beforeAll(async () => {
      under = await make();
      driver = under.driver;
    });
    afterAll(async () => {
      for (const record of known) await driver.halt(bootOf(record).identity);
      await under.dispose();
    });

    /** A host that has a folder and a place, and has not been booted. */
    async function prepared(name: string, own?: Place): Promise<HostRecord> {
      const record: HostRecord = {
        ...{ managedBy: "creel", name: parseHostName(name), agents: [parseAgentName("ada")], createdAtMs: 1 },
        ...{ operation: parseOperationId("00mwq9ksbt0atad4"), region: "local", size: "small", system: "debian" },
        ...{ cpus: 1, memoryMb: 1024, diskGb: 20, image: "0123-0", containerImage: "localhost/creel/openclaw:1" },
        ...{ hostKeyFingerprint: "x", nextHostKeyFingerprint: null, userData: under.userData(name) },
        ...{ openings: [], installation: "0123456789abcdef", internet: false, gatewayPort: 18_789 },
        place: own ?? (await driver.findPlace(known)),
      };
      await mkdir(join(under.folder, name), { recursive: true });
      await writeFile(join(under.folder, name, "host.json"), "{}");
      known.push(record);
      return record;
    }

    function bootOf(record: HostRecord): Boot {
      const identity = {
        name: record.name,
        installation: record.installation,
        folder: join(under.folder, record.name),
      };
      return { record, identity, image: under.image, internet: false, gatewayPort: 18_789 };
    }

    const isRunning = async (record: HostRecord) => (await driver.whereabouts(bootOf(record).identity)).running;

    it("has what it needs on a machine on which it works, and says what sizes mean", async () => {
      await driver.requireTools(never);
      expect((await driver.sizes()).seen).not.toBe("");
      expect(await driver.diagnose([])).toEqual([]);
    });

    it("gives hosts different places, and hosts that are there none of theirs away", async () => {
      const [one, two] = [await prepared("one-000001"), await prepared("two-000001")];
      expect(one.place.driver).toBe(driver.name);
      const addresses = [one, two].map(({ place }) => driver.address(place)).map((at) => `${at.address} ${at.sshPort}`);
      expect(new Set(addresses).size).toBe(2);
    });

    it("boots a host of its image once and for all, keeps its disk, and ends it however often it is told", async () => {
      const record = await prepared("kept-000001");
      const { identity } = bootOf(record);
      expect(await isRunning(record)).toBe(false);
      await driver.halt(identity);
      await driver.boot(bootOf(record), never);
      expect(await driver.whereabouts(identity)).toEqual({ running: true, elsewhere: null });
      expect((await driver.running()).map(({ name }) => name)).toContain(record.name);
      expect(existsSync(join(identity.folder, "console.log"))).toBe(true);
      const before = await readdir(identity.folder);
      for (const _time of ["once", "again"]) await driver.halt(identity);
      expect(await isRunning(record)).toBe(false);
      expect((await driver.running()).map(({ name }) => name)).not.toContain(record.name);
      // As it is when the user-data has been forgotten.
      await driver.boot(bootOf({ ...record, userData: null }), never);
      expect(await readdir(identity.folder)).toEqual(
        expect.arrayContaining(before.filter((name) => !name.endsWith(".pid"))),
      );
      await driver.repairSurroundings(bootOf(record));
      expect(await isRunning(record)).toBe(true);
      await driver.halt(identity);
      for (const _time of ["once", "again"]) await driver.release(record.place);
    });

    // One that does not listen is ended all the same, but only after a longer time than this.
    it("has a host end in order when it is told to, also while it still starts", { timeout: 60_000 }, async () => {
      const record = await prepared("ended-000001");
      const { identity } = bootOf(record);
      await driver.boot(bootOf(record), never);
      for (const _time of ["once", "again"]) await driver.powerOff(identity, never);
      expect(await isRunning(record)).toBe(false);
      await driver.boot(bootOf(record), never);
      expect(await isRunning(record)).toBe(true);
      await driver.halt(identity);
    });

    it("knows a host that runs from another folder, such as the original of a copy", async () => {
      const record = await prepared("copied-000001");
      const { identity } = bootOf(record);
      await driver.boot(bootOf(record), never);
      const copy = join(under.folder, "copy");
      await mkdir(copy, { recursive: true });
      expect(await driver.whereabouts({ ...identity, folder: copy })).toEqual({
        running: true,
        elsewhere: identity.folder,
      });
      await driver.halt(identity);
    });

    it("refuses a place that something else has taken meanwhile, and leaves nothing running", async () => {
      const first = await prepared("first-000001");
      await driver.boot(bootOf(first), never);
      const second = await prepared("second-000001", first.place);
      await expect(driver.boot(bootOf(second), never)).rejects.toMatchObject({ code: "address-in-use" });
      expect(await isRunning(second)).toBe(false);
      expect(await isRunning(first)).toBe(true);
      await driver.halt(bootOf(first).identity);
    });

    it("boots a host whose boot was stopped before", async () => {
      const record = await prepared("stopped-000001");
      await driver.boot(bootOf(record), AbortSignal.abort()).catch(() => undefined);
      await driver.boot(bootOf(record), never);
      expect(await isRunning(record)).toBe(true);
      await driver.halt(bootOf(record).identity);
    });
  });
}
