import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createLocalProvider } from "../../../../services/provider/local/local-provider.ts";
import { createHostRecords, type HostRecords } from "../../../../services/provider/local/record.ts";
import { parseHostName } from "../../../../src/core/names.ts";
import { recordOf } from "./record-of.ts";

let directory: string;
let records: HostRecords;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "creel-records-"));
  records = createHostRecords(join(directory, "hosts"), () => undefined);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

it("keeps records, sorted by name, readable by nobody else", async () => {
  await records.write(recordOf("zoe-000001"));
  await records.write(recordOf("ada-000001"));
  expect((await records.all()).map(({ name }) => name)).toEqual(["ada-000001", "zoe-000001"]);
  const file = join(records.folder(parseHostName("ada-000001")), "host.json");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  for (const folder of [join(directory, "hosts"), join(file, "..")])
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  await records.write({ ...recordOf("ada-000001"), hostKeyFingerprint: "y" });
  expect(await records.read(parseHostName("ada-000001"))).toMatchObject({ hostKeyFingerprint: "y" });
  expect(await readdir(records.folder(parseHostName("ada-000001")))).toEqual(["host.json"]);
});

it("reads what an older Creel wrote, and writes what it can read", async () => {
  const record = recordOf("ada-000001");
  await records.write(record);
  const file = join(records.folder(record.name), "host.json");
  const { image, system, agents, ...older } = JSON.parse(await readFile(file, "utf8"));
  expect([older.snapshot, older.agent, system]).toEqual([image, agents[0], "debian"]);
  await writeFile(file, JSON.stringify({ ...older, snapshot: "0123-older" }));
  expect(await records.read(record.name)).toEqual({ ...record, image: "0123-older" });
});

it("has no hosts before the first one, and passes over a folder without a record", async () => {
  expect(await records.all()).toEqual([]);
  await mkdir(records.folder(parseHostName("half-000001")), { recursive: true });
  expect(await records.all()).toEqual([]);
});

it("removes the record only after everything else", async () => {
  const record = recordOf("ada-000001");
  await records.write(record);
  const folder = records.folder(record.name);
  await mkdir(join(folder, "upper", "etc"), { recursive: true });
  await writeFile(join(folder, "upper", "etc", "file"), "");
  await chmod(join(folder, "upper", "etc"), 0o000);
  await records.remove(record.name);
  expect(await readdir(join(directory, "hosts"))).toEqual([]);
  await records.remove(record.name);
});

it("says which record is broken", async () => {
  const record = recordOf("ada-000001");
  await records.write(record);
  await writeFile(join(records.folder(record.name), "host.json"), '{"name": 5}');
  await expect(records.read(record.name)).rejects.toMatchObject({ code: "provider-failed" });
});

it("takes a host's disk without a record for a host, and knows no image that is free as long as one record cannot be used", async () => {
  await records.write(recordOf("ada-000001"));
  expect(await records.imagesInUse()).toEqual(["0123-0"]);
  const half = records.folder(parseHostName("half-000001"));
  await mkdir(half);
  expect(await records.imagesInUse()).toEqual(["0123-0"]);
  await mkdir(join(half, "upper"));
  expect(await records.unusable()).toEqual([{ path: join(half, "host.json"), why: "missing" }]);
  expect(await records.imagesInUse()).toBeNull();
  await rm(half, { recursive: true });
  await writeFile(join(records.folder(parseHostName("ada-000001")), "host.json"), "{");
  expect(await records.imagesInUse()).toBeNull();
});

it("lists the others when a record is broken or something lies among the hosts that is none", async () => {
  for (const name of ["ada-000001", "bad-000001", "zoe-000001"]) await records.write(recordOf(name));
  const broken = join(records.folder(parseHostName("bad-000001")), "host.json");
  await writeFile(broken, "{");
  await mkdir(join(directory, "hosts", "lost+found"));
  await writeFile(join(directory, "hosts", "file-000001"), "");
  expect((await records.all()).map(({ name }) => name)).toEqual(["ada-000001", "zoe-000001"]);
  const provider = createLocalProvider({ stateDir: directory, cacheDir: join(directory, "cache"), driver: "qemu" });
  expect((await provider.list()).map(({ name }) => name)).toEqual(["ada-000001", "zoe-000001"]);
  await provider.destroy(parseHostName("zoe-000001"));
  expect((await provider.list()).map(({ name }) => name)).toEqual(["ada-000001"]);

  const bad = parseHostName("bad-000001");
  await expect(provider.find(bad)).rejects.toMatchObject({ hint: expect.stringContaining(broken) });
  await expect(provider.destroy(bad)).rejects.toMatchObject({ code: "provider-failed" });
  const found = (await provider.diagnose()).filter(({ subject }) => subject === "local hosts");
  expect(found).toMatchObject([
    { verdict: "problem", seen: expect.stringContaining(broken), fix: expect.stringContaining(broken) },
    { verdict: "problem", seen: expect.stringContaining(join(directory, "hosts", "file-000001", "host.json")) },
    { verdict: "problem", seen: expect.stringContaining(join(directory, "hosts", "lost+found")) },
  ]);
});

it.each([
  ["moved", async (from: string, to: string) => rename(from, to)],
  [
    "replaced by an empty one",
    async (from: string, to: string) => {
      await rename(from, to);
      await mkdir(from);
    },
  ],
])("of hosts in a state folder that was %s while Creel runs, nothing is said", async (_, away) => {
  const stateDir = join(directory, "state");
  await createHostRecords(join(stateDir, "hosts"), () => undefined).write(recordOf("ada-000001"));
  const provider = createLocalProvider({ stateDir, cacheDir: join(directory, "cache"), driver: "qemu" });
  const ada = parseHostName("ada-000001");
  expect(await provider.find(ada)).toMatchObject({ state: "stopped" });
  await away(stateDir, join(directory, "moved"));
  const refusal = { code: "wrong-state", userMessage: expect.stringContaining("moved or removed while Creel runs") };
  await expect(provider.find(ada)).rejects.toMatchObject(refusal);
  await expect(provider.list()).rejects.toMatchObject(refusal);
  await expect(provider.start(ada)).rejects.toMatchObject(refusal);
  await expect(provider.destroy(ada)).rejects.toMatchObject(refusal);
  // Nothing was made in the old place.
  expect(await readdir(stateDir).catch(() => [])).toEqual([]);
  await rm(stateDir, { recursive: true, force: true });
  await rename(join(directory, "moved"), stateDir);
  expect(await provider.find(ada)).toMatchObject({ state: "stopped" });
});
