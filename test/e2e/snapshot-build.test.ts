import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLocalSnapshots } from "../../services/provider/local/snapshots.ts";
import { canRunHosts } from "./creel.ts";

const MODULE = new URL("../../services/provider/local/snapshots.ts", import.meta.url).href;

describe.skipIf(!canRunHosts())("building a golden snapshot", () => {
  let cacheDir: string;
  beforeEach(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), "creel-build-"));
  });
  afterEach(() => rm(cacheDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

  it("stops when it is told to, and leaves no files, mounts or processes", async () => {
    const abort = new AbortController();
    const snapshots = createLocalSnapshots({ cacheDir });
    const building = snapshots.build(() => undefined, abort.signal);
    const ended = expect(building).rejects.toMatchObject({ code: "cancelled" });
    await whileInstalling(cacheDir);
    abort.abort();
    await ended;
    expect(await readdir(cacheDir)).toEqual(["lock"]);
    expect(await readFile("/proc/self/mountinfo", "utf8")).not.toContain(cacheDir);
    await expect.poll(() => processesNaming(cacheDir)).toEqual([]);
    expect(await snapshots.status()).toMatchObject({ current: null, all: [] });
  });

  it("takes its processes along when it is killed; what it left is no snapshot, and the next build clears it away", async () => {
    const script = `import { createLocalSnapshots } from ${JSON.stringify(MODULE)};
      await createLocalSnapshots({ cacheDir: process.argv[1] }).build(() => undefined, new AbortController().signal);`;
    const builder = spawn(process.execPath, ["--input-type=module", "--eval", script, cacheDir], { stdio: "ignore" });
    const ended = once(builder, "exit");
    await whileInstalling(cacheDir);
    builder.kill("SIGKILL");
    await ended;
    await expect.poll(() => processesNaming(cacheDir), { timeout: 10_000 }).toEqual([]);
    const snapshots = createLocalSnapshots({ cacheDir });
    expect(await snapshots.status()).toMatchObject({ current: null, all: [] });
    // The lock is free: the next build begins at once, in an empty directory.
    const abort = new AbortController();
    const stages: string[] = [];
    const next = snapshots.build(({ stage }) => void stages.push(stage), abort.signal);
    const stopped = expect(next).rejects.toMatchObject({ code: "cancelled" });
    await expect.poll(() => stages, { timeout: 10_000 }).toContain("Installing OpenClaw");
    abort.abort();
    await stopped;
    expect(stages).not.toContain("Waiting for another build");
    expect(await readdir(cacheDir)).toEqual(["lock"]);
  });

  it("ends with the lines of the log that say why it failed, and leaves nothing", async () => {
    const snapshots = createLocalSnapshots({ cacheDir, mirror: "http://127.0.0.1:9/debian" });
    const building = snapshots.build(() => undefined, new AbortController().signal);
    await expect(building).rejects.toMatchObject({
      code: "snapshot-failed",
      evidence: expect.arrayContaining([expect.stringContaining("127.0.0.1")]),
    });
    expect(await readdir(cacheDir)).toEqual(["lock"]);
  });
});

/** Returns when Debian's packages are being unpacked. */
async function whileInstalling(cacheDir: string): Promise<void> {
  const log = async () => {
    const building = (await readdir(cacheDir)).find((name) => name.startsWith("building-"));
    return building === undefined ? "" : await readFile(join(cacheDir, building, "build.log"), "utf8").catch(() => "");
  };
  await expect.poll(log, { timeout: 60_000 }).toContain("running apt-get update");
}

async function processesNaming(path: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")));
  return commands.filter((command) => command.includes(path)).map((command) => command.replaceAll("\0", " "));
}
