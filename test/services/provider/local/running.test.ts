import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createLocalProvider } from "../../../../services/provider/local/local-provider.ts";

let directory: string;
let machine: ChildProcess | null = null;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "creel-running-"));
});
afterEach(async () => {
  if (machine !== null) {
    const ended = once(machine, "exit");
    machine.kill("SIGKILL");
    await ended;
    machine = null;
  }
  await rm(directory, { recursive: true, force: true });
});

/** A process that is to this machine what the qemu of a host is: called the same, with the same file open. */
async function runMachine(folder: string, name: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  const pidFile = join(folder, "qemu.pid");
  const script = `require("fs").openSync(${JSON.stringify(pidFile)}, "w"); console.log("up"); setInterval(() => {}, 1e6);`;
  machine = spawn(process.execPath, ["--eval", script, "--", "-name", `creel-${name}`, "-pidfile", pidFile], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (machine.stdout !== null) await once(machine.stdout, "data");
  return machine.pid ?? 0;
}

function findings(stateDir: string, name: string) {
  const provider = createLocalProvider({ stateDir, cacheDir: join(directory, "cache"), driver: "qemu" });
  return provider.diagnose().then((all) => all.filter(({ seen }) => seen.includes(name)));
}

it("doctor tells of a host that runs without a record, and how to end it", async () => {
  const stateDir = join(directory, "state");
  const hosts = join(stateDir, "hosts");
  const folder = join(hosts, "ghost-000001");
  const pid = await runMachine(folder, "ghost-000001");
  const other = join(directory, "other");
  await mkdir(join(other, "hosts"), { recursive: true });
  const fix = expect.stringContaining(`kill ${pid}`);

  const seen = `The host ghost-000001 runs from ${folder}. Creel has no record of it, so no list shows it.`;
  expect(await findings(stateDir, "ghost-000001")).toMatchObject([{ verdict: "problem", seen, fix }]);
  // What another state folder has is no news here.
  expect(await findings(other, "ghost-000001")).toEqual([]);

  await writeFile(join(folder, "disk.qcow2"), "");
  expect(await findings(stateDir, "ghost-000001")).toMatchObject([
    { verdict: "problem", seen: expect.stringMatching(/host\.json is missing.* It runs\.$/), fix },
  ]);
  await writeFile(join(folder, "host.json"), "{");
  expect(await findings(stateDir, "ghost-000001")).toMatchObject([
    { verdict: "problem", seen: expect.stringMatching(/host\.json cannot be read.* It runs\.$/), fix },
  ]);

  await rename(folder, join(hosts, "ghost-000002"));
  await rm(join(hosts, "ghost-000002"), { recursive: true });
  const lost = { seen: expect.stringContaining("though its folder"), fix };
  expect(await findings(stateDir, "ghost-000001")).toMatchObject([{ ...lost, verdict: "problem" }]);
  // Nobody else can tell of it once its state folder has gone, too.
  expect(await findings(other, "ghost-000001")).toMatchObject([{ ...lost, verdict: "warning" }]);
});

it("doctor says what of a size is kept", async () => {
  const options = { stateDir: join(directory, "state"), cacheDir: join(directory, "cache") };
  const sizesOf = async (driver: "qemu" | "nspawn") =>
    (await createLocalProvider({ ...options, driver }).diagnose()).find(
      ({ subject }) => subject === "sizes of local hosts",
    );
  expect(await sizesOf("qemu")).toMatchObject({ verdict: "ok", seen: expect.stringContaining("the disk") });
  expect(await sizesOf("nspawn")).toMatchObject({
    verdict: "warning",
    seen: expect.stringContaining("disk"),
  });
});
