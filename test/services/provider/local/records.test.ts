import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createLocalProvider } from "../../../../services/provider/local/local-provider.ts";
import { createHostRecords, type HostRecord, type HostRecords } from "../../../../services/provider/local/record.ts";
import { parseAgentName, parseHostName, parseOperationId } from "../../../../src/core/names.ts";

let directory: string;
let records: HostRecords;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "creel-records-"));
  records = createHostRecords(join(directory, "hosts"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function recordOf(name: string): HostRecord {
  return {
    ...{ managedBy: "creel", name: parseHostName(name), agent: parseAgentName("ada") },
    ...{ operation: parseOperationId("00mwq9ksbt0atad4"), createdAtMs: 1, region: "local", size: "small" },
    ...{ cpus: 2, memoryMb: 2048, diskGb: 20, hostKeyFingerprint: "x", snapshot: "/snapshots/0" },
    place: { driver: "qemu", sshPort: 22_222 },
    userData: "#cloud-config\n",
  };
}

it("keeps records, sorted by name, readable by nobody else", async () => {
  await records.write(recordOf("zoe-000001"));
  await records.write(recordOf("ada-000001"));
  expect((await records.all()).map(({ name }) => name)).toEqual(["ada-000001", "zoe-000001"]);
  const file = join(records.folder(parseHostName("ada-000001")), "host.json");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await records.write({ ...recordOf("ada-000001"), hostKeyFingerprint: "y" });
  expect(await records.read(parseHostName("ada-000001"))).toMatchObject({ hostKeyFingerprint: "y" });
  expect(await readdir(records.folder(parseHostName("ada-000001")))).toEqual(["host.json"]);
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
