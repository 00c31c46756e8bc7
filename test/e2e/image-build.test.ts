import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createCachedImages } from "../../services/provider/local/cached-images.ts";
import { finishImage } from "../../services/provider/local/image-record.ts";
import { withFileLock } from "../../services/provider/local/lock.ts";
import { canRunHosts } from "./creel.ts";

const MODULE = new URL("../../services/provider/local/cached-images.ts", import.meta.url).href;

describe.skipIf(!canRunHosts())("building a golden image", () => {
  let directory: string;
  let cacheDir: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "creel-build-"));
    cacheDir = join(directory, "cache");
    await mkdir(cacheDir);
  });
  afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

  it("stops when it is told to, and leaves no files, mounts or processes", async () => {
    const abort = new AbortController();
    const images = createCachedImages({ cacheDir });
    const building = images.build(() => undefined, abort.signal);
    const ended = expect(building).rejects.toMatchObject({ code: "cancelled" });
    await whileInstalling(cacheDir);
    abort.abort();
    await ended;
    expect(await readdir(cacheDir)).toEqual(["lock"]);
    expect(await readFile("/proc/self/mountinfo", "utf8")).not.toContain(cacheDir);
    await expect.poll(() => processesNaming(cacheDir)).toEqual([]);
    expect(await images.status()).toMatchObject({ current: null, all: [] });
  });

  it("takes its processes along when it is killed; what it left is no image and nowhere else, and the next build clears it away", async () => {
    const outside = join(directory, "tmp");
    await mkdir(outside);
    const script = `import { createCachedImages } from ${JSON.stringify(MODULE)};
      await createCachedImages({ cacheDir: process.argv[1] }).build(() => undefined, new AbortController().signal);`;
    const argv = ["--input-type=module", "--eval", script, cacheDir];
    const builder = spawn(process.execPath, argv, { stdio: "ignore", env: { ...process.env, TMPDIR: outside } });
    const ended = once(builder, "exit");
    await whileInstalling(cacheDir);
    builder.kill("SIGKILL");
    await ended;
    await expect.poll(() => processesNaming(cacheDir)).toEqual([]);
    expect(await readdir(outside)).toEqual([]);
    const images = createCachedImages({ cacheDir });
    expect(await images.status()).toMatchObject({ current: null, all: [] });
    // The lock is free: the next build begins at once, in an empty directory.
    const abort = new AbortController();
    const stages: string[] = [];
    const next = images.build(({ stage }) => void stages.push(stage), abort.signal);
    const stopped = expect(next).rejects.toMatchObject({ code: "cancelled" });
    await expect.poll(() => stages).toContain("Installing OpenClaw");
    abort.abort();
    await stopped;
    expect(stages).not.toContain("Waiting for another build");
    expect(await readdir(cacheDir)).toEqual(["lock"]);
  });

  it("that waited for another one takes what that one made, and claims no build", async () => {
    const images = createCachedImages({ cacheDir });
    const { wanted: fingerprint } = await images.status();
    const made = {
      fingerprint,
      createdAtMs: 5,
      sizeBytes: 7,
      system: "debian",
      openclawVersion: "2026.9.6",
      containerImage: "x",
    };
    const signal = new AbortController().signal;
    const waits = Promise.withResolvers<void>();
    const building = await withFileLock(
      join(cacheDir, "lock"),
      signal,
      () => undefined,
      async () => {
        const next = images.build(({ stage }) => stage === "Waiting for another build" && waits.resolve(), signal);
        await waits.promise;
        await mkdir(join(cacheDir, "building-other"));
        await finishImage(join(cacheDir, "building-other"), join(cacheDir, fingerprint), made);
        return { next };
      },
    );
    expect(await building.next).toMatchObject({ image: made, built: false });
  });

  it("ends with the lines of the log that say why it failed, and leaves nothing", async () => {
    const images = createCachedImages({ cacheDir, mirror: "http://127.0.0.1:9/debian" });
    const building = images.build(() => undefined, new AbortController().signal);
    await expect(building).rejects.toMatchObject({
      code: "image-failed",
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
