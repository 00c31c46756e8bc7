import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { bootSomewhere } from "../../../../services/provider/local/boot.ts";
import {
  createHostRecords,
  type HostRecord,
  type HostRecords,
  type Place,
} from "../../../../services/provider/local/record.ts";
import { OpsError } from "../../../../src/core/errors.ts";
import { recordOf } from "./record-of.ts";

const KEY = "-----BEGIN OPENSSH PRIVATE KEY-----";
const record: HostRecord = { ...recordOf("ada-000001"), userData: `#cloud-config\nssh_keys: ${KEY}` };
const taken = new OpsError({ code: "address-in-use", userMessage: "Something else listens there." });

let directory: string;
let records: HostRecords;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "creel-boot-"));
  records = createHostRecords(directory, () => undefined);
  await records.write(record);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Boots on a machine whose driver's calls end one after the other as told. Returns the SSH ports they were made with. */
async function boot(...ends: readonly (OpsError | null)[]): Promise<number[]> {
  const ports: number[] = [];
  const portOf = (place: Place) => (place.driver === "qemu" ? place.sshPort : 0);
  const around = {
    driver: {
      boot: async (host: { readonly record: HostRecord }) => {
        const end = ends[ports.length] ?? null;
        ports.push(portOf(host.record.place));
        expect(host.record.userData).toContain(KEY);
        if (end !== null) throw end;
      },
      findPlace: async (_: unknown, own = record.place) => ({ driver: "qemu", sshPort: portOf(own) + 2 }) as const,
    },
    records,
    hostOf: (current: HostRecord) => ({
      ...{ record: current, identity: { name: current.name, installation: null, folder: directory } },
      ...{ image: directory, internet: true, gatewayPort: 18_789 },
    }),
    lockPlaces: <T>(work: () => Promise<T>) => work(),
  };
  await bootSomewhere(record, around, new AbortController().signal);
  return ports;
}

async function everythingKept(): Promise<string> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  return (await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), "utf8")))).join("\n");
}

it("leaves the private host key that came with the user-data nowhere beside the host's disk", async () => {
  expect(await everythingKept()).toContain(KEY);
  expect(await boot()).toEqual([22_222]);
  expect(await everythingKept()).not.toContain(KEY);
  expect(await records.all()).toEqual([{ ...record, userData: null }]);
});

it("keeps the user-data of a host that did not boot for the next time", async () => {
  const error = new OpsError({ code: "provider-failed", userMessage: "It did not boot." });
  await expect(boot(error)).rejects.toBe(error);
  expect(await records.all()).toEqual([record]);
});

it("goes to other places while something else has taken its own, and says so after five", async () => {
  expect(await boot(taken, taken)).toEqual([22_222, 22_224, 22_226]);
  expect(await records.all()).toEqual([{ ...record, place: { driver: "qemu", sshPort: 22_226 }, userData: null }]);
  await records.write(record);
  expect(await boot(taken, taken, taken, taken)).toHaveLength(5);
  await records.write(record);
  await expect(boot(taken, taken, taken, taken, taken)).rejects.toBe(taken);
});
