import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHostImages } from "../../../../services/provider/local/host-images.ts";
import { createLocalProvider } from "../../../../services/provider/local/local-provider.ts";
import { imageIn } from "./image-in.ts";

const never = new AbortController().signal;
let directory: string;
let cacheDir: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "creel-images-"));
  cacheDir = join(directory, "cache");
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe("images of a state folder", () => {
  it("take no room beside the cache and outlive it", async () => {
    const images = createHostImages(join(directory, "images"));
    const image = await imageIn(cacheDir);
    const name = await images.keep(image, "rootfs", never);
    expect(await images.keep(image, "rootfs", never)).toBe(name);
    const kept = join(images.path(name), "rootfs", "usr", "program");
    expect((await stat(kept)).ino).toBe((await stat(join(image.directory, "rootfs", "usr", "program"))).ino);
    await rm(cacheDir, { recursive: true });
    expect(await readFile(kept, "utf8")).toBe("works");
    expect(await images.withPart("rootfs")).toEqual([{ ...image, directory: images.path(name) }]);
    expect(await images.withPart("vm")).toEqual([]);
    expect((await stat(images.path(name))).mode & 0o777).toBe(0o700);
  });

  it("are taken from a cache of a Creel that called them snapshots, too", async () => {
    const images = createHostImages(join(directory, "images"));
    const image = await imageIn(cacheDir);
    await rename(join(image.directory, "image.json"), join(image.directory, "snapshot.json"));
    const name = await images.keep(image, "vm", never);
    expect(await images.withPart("vm")).toEqual([{ ...image, directory: images.path(name) }]);
    await rename(join(images.path(name), "image.json"), join(images.path(name), "snapshot.json"));
    expect(await images.withPart("vm")).toHaveLength(1);
  });

  it("of two builds of one recipe are two", async () => {
    const images = createHostImages(join(directory, "images"));
    const old = await images.keep(await imageIn(cacheDir), "vm", never);
    const young = await images.keep(await imageIn(cacheDir, { createdAtMs: 6 }), "vm", never);
    expect(young).not.toBe(old);
    expect((await images.withPart("vm")).map(({ id }) => id)).toEqual([young, old]);
    await images.removeUnused(new Set([young]));
    expect(await readdir(join(directory, "images"))).toEqual([young]);
  });

  it("are not left half made when the cache goes meanwhile", async () => {
    const images = createHostImages(join(directory, "images"));
    const image = await imageIn(cacheDir);
    await rm(join(image.directory, "rootfs"), { recursive: true });
    const gone = { code: "image-failed", userMessage: expect.stringContaining("was removed") };
    await expect(images.keep(image, "rootfs", never)).rejects.toMatchObject(gone);
    await rm(cacheDir, { recursive: true });
    await expect(images.keep(image, "rootfs", never)).rejects.toMatchObject(gone);
    expect(await readdir(join(directory, "images"))).toEqual([]);
  });

  it.skipIf(process.getuid?.() !== 0)("are copies on another file system, whose room is counted before", async () => {
    const mounted = join(directory, "images");
    await mkdir(mounted);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mounted]);
    try {
      const images = createHostImages(mounted);
      const large = await imageIn(cacheDir, { sizeBytes: 2 ** 30 });
      await expect(images.keep(large, "rootfs", never)).rejects.toMatchObject({ code: "capacity" });
      const name = await images.keep({ ...large, sizeBytes: 7 }, "rootfs", never);
      await rm(cacheDir, { recursive: true });
      expect(await readFile(join(images.path(name), "rootfs", "usr", "program"), "utf8")).toBe("works");
    } finally {
      execFileSync("umount", [mounted]);
    }
  });
});

it("a provider finds what its driver can start from, and what hosts stand on when the cache has it no more", async () => {
  const provider = createLocalProvider({ stateDir: join(directory, "state"), cacheDir, driver: "qemu" });
  const older = await imageIn(cacheDir, { fingerprint: "0123456789abcdef", createdAtMs: 4 });
  const kept = await createHostImages(join(directory, "state", "images")).keep(older, "vm", never);
  await rm(older.directory, { recursive: true });
  const current = await imageIn(cacheDir);
  const status = await provider.images.status();
  expect(status.all.map(({ id }) => id)).toEqual([current.id, kept]);
  expect(status.current?.id).toBe(current.id);
  // Made for systemd-nspawn alone: it has to be built for virtual machines first.
  await rm(join(current.directory, "vm"), { recursive: true });
  expect((await provider.images.status()).current).toBeNull();
});

it("a provider goes on with its image when the cache has gone", async () => {
  const provider = createLocalProvider({ stateDir: join(directory, "state"), cacheDir, driver: "qemu" });
  const { fingerprint, createdAtMs } = await imageIn(cacheDir);
  await provider.images.build(() => undefined, never);
  await rm(cacheDir, { recursive: true });
  const status = await provider.images.status();
  expect(status.current).toMatchObject({ fingerprint, createdAtMs });
  expect(status.all).toContainEqual(status.current);
  expect(await provider.images.build(() => undefined, never)).toMatchObject({
    image: { fingerprint },
    built: false,
  });
});
