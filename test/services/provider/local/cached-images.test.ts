import { execFileSync } from "node:child_process";
import { type FileHandle, mkdir, mkdtemp, open, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createCachedImages, imagesIn } from "../../../../services/provider/local/cached-images.ts";
import { finishImage } from "../../../../services/provider/local/image-record.ts";
import { createLocalProvider } from "../../../../services/provider/local/local-provider.ts";
import { specFor } from "../../../contract/host-spec.ts";

const never = new AbortController().signal;
const MODULE = new URL("../../../../services/provider/local/cached-images.ts", import.meta.url).href;
const RECORD = {
  fingerprint: "0123456789abcdef",
  createdAtMs: 5,
  sizeBytes: 7,
  system: "debian",
  openclawVersion: "2026.9.6",
  containerImage: "localhost/creel/openclaw:2026.9.6",
};

let cacheDir: string;
beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), "creel-images-"));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(cacheDir, { recursive: true, force: true });
});

async function keep(name: string, text: string, file = "image.json"): Promise<void> {
  await mkdir(join(cacheDir, name));
  await writeFile(join(cacheDir, name, file), text);
}

describe("the list of images", () => {
  it("passes over those whose record is missing, empty, cut off or something else", async () => {
    await keep("0123456789abcdef", JSON.stringify(RECORD));
    await keep("0000000000000001", "");
    await keep("0000000000000002", JSON.stringify(RECORD).slice(0, 40));
    await keep("0000000000000003", '{"fingerprint": 5}');
    await mkdir(join(cacheDir, "0000000000000004"));
    const images = createCachedImages({ cacheDir });
    expect((await images.status()).all).toEqual([
      { ...RECORD, id: "0123456789abcdef-5", directory: join(cacheDir, "0123456789abcdef") },
    ]);
    expect(await images.current()).toBeNull();
  });
});

describe("images of a Creel that called them snapshots", () => {
  it("are found, in their folder and under their name", async () => {
    const folder = imagesIn(cacheDir);
    expect(folder).toBe(join(cacheDir, "images"));
    await mkdir(join(cacheDir, "snapshots"));
    expect(imagesIn(cacheDir)).toBe(join(cacheDir, "snapshots"));
    await mkdir(folder);
    expect(imagesIn(cacheDir)).toBe(folder);

    await keep("0123456789abcdef", JSON.stringify(RECORD), "snapshot.json");
    expect((await createCachedImages({ cacheDir }).status()).all).toMatchObject([RECORD]);
  });
});

describe("a finished image", () => {
  it("has its record on the disk before its name, and its name before it is used", async () => {
    const unfinished = join(cacheDir, "building-0123456789abcdef");
    const finished = join(cacheDir, "0123456789abcdef");
    await mkdir(unfinished);
    const synced: string[] = [];
    const probe = await open(cacheDir, "r");
    const handles: FileHandle = Object.getPrototypeOf(probe);
    await probe.close();
    const original = handles.sync;
    vi.spyOn(handles, "sync").mockImplementation(async function (this: FileHandle) {
      const path = await readlink(`/proc/self/fd/${this.fd}`);
      synced.push(path.endsWith(".json") ? `${path} ${await readFile(path, "utf8")}` : path);
      await original.call(this);
    });
    await finishImage(unfinished, finished, RECORD);
    expect(synced).toEqual([`${unfinished}/image.json ${JSON.stringify(RECORD)}`, unfinished, cacheDir]);
    expect(await readdir(cacheDir)).toEqual(["0123456789abcdef"]);
    expect((await createCachedImages({ cacheDir }).status()).all).toMatchObject([RECORD]);
  });
});

describe("building without root", () => {
  it("is refused with the command that works, for this cache folder", async () => {
    const script = `
      import { createCachedImages } from ${JSON.stringify(MODULE)};
      const images = createCachedImages({ cacheDir: process.argv[1] });
      // From here on Creel's own files may be out of reach, depending on where they are.
      if (process.getuid() === 0) process.setuid(65534);
      await images.requireBuildTools(new AbortController().signal)
        .catch(({ code, hint }) => console.log(JSON.stringify({ code, hint })));`;
    const argv = ["--input-type=module", "--eval", script, join(cacheDir, "my cache", "images")];
    const { code, hint } = JSON.parse(execFileSync(process.execPath, argv, { encoding: "utf8" }));
    expect(code).toBe("tool-missing");
    expect(hint).toContain(`CREEL_CACHE_DIR='${join(cacheDir, "my cache")}' scripts/creel start`);
    expect(hint).toContain("/image build");
    expect(hint).not.toContain("creel image");
  });
});

describe("folders that cannot be part of a mount option", () => {
  it.each([":", ",", "\\", '"'])("are refused before anything is made in them: %s", async (character) => {
    const odd = join(cacheDir, `a${character}b`);
    for (const dirs of [
      { stateDir: odd, cacheDir: join(cacheDir, "c") },
      { stateDir: join(cacheDir, "s"), cacheDir: odd },
    ]) {
      const provider = createLocalProvider({ ...dirs, driver: "nspawn" });
      const refusal = { code: "config-invalid", userMessage: expect.stringContaining(odd) };
      await expect(provider.images.build(() => undefined, AbortSignal.abort())).rejects.toMatchObject(refusal);
      await expect(provider.create(await specFor(provider, "odd"), never)).rejects.toMatchObject(refusal);
      await expect(provider.offers()).rejects.toMatchObject(refusal);
      const [driver] = await provider.diagnose();
      expect(driver).toMatchObject({ verdict: "problem", seen: refusal.userMessage });
      expect(await readdir(cacheDir)).toEqual([]);
    }
  });
});
