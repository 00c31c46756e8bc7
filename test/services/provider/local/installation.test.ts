import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { installationOf } from "../../../../services/provider/local/installation.ts";

let parent: string;
let stateDir: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "creel-installation-"));
  stateDir = join(parent, "state");
});
afterEach(() => rm(parent, { recursive: true, force: true }));

it("is the same wherever the folder goes, and another one in a new folder at the same path", async () => {
  const first = installationOf(stateDir);
  expect(installationOf(stateDir)).toEqual(first);
  await rename(stateDir, join(parent, "moved"));
  expect(installationOf(join(parent, "moved"))).toEqual(first);
  const second = installationOf(stateDir);
  expect(second.id).not.toBe(first.id);
  expect(second.name).not.toBe(first.name);
});

it("keeps the name under which an older folder's agents are on record, which came from its path", async () => {
  await mkdir(join(stateDir, "hosts"), { recursive: true });
  const { name } = installationOf(stateDir);
  await rm(join(stateDir, "installation.json"));
  expect(installationOf(stateDir).name).toBe(name);
});

it("is readable for nobody else, and leaves nothing beside it", async () => {
  installationOf(stateDir);
  expect((await stat(stateDir)).mode & 0o777).toBe(0o700);
  expect((await stat(join(stateDir, "installation.json"))).mode & 0o777).toBe(0o600);
  expect(await readdir(stateDir)).toEqual(["installation.json"]);
});

it("is never made anew over one that cannot be read", async () => {
  await mkdir(stateDir);
  for (const text of ["", "{}", '{"id": "x"']) {
    await writeFile(join(stateDir, "installation.json"), text);
    expect(() => installationOf(stateDir)).toThrow(expect.objectContaining({ code: "config-invalid" }));
  }
});
