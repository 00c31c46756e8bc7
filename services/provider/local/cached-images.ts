import { existsSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fullness, isErrno } from "../../../src/core/errno.ts";
import { OpsError, stopped } from "../../../src/core/errors.ts";
import { shellWord } from "../../../src/core/shell-words.ts";
import type { Image, ImageMade, ImageProgress, ImageStatus, Images } from "../provider.ts";
import { imageInUse } from "../spec.ts";
import { buildImage } from "./build-image.ts";
import { runChild } from "./child.ts";
import { guest } from "./guest.ts";
import { finishImage, type ImageRecord, imageId, readImageRecord } from "./image-record.ts";
import { withFileLock } from "./lock.ts";
import { requireSpace, requireTools } from "./machine.ts";
import { removeImage, removeOldImages } from "./old-images.ts";
import { keptLock, projectLock } from "./openclaw-lock.ts";
import { fingerprintOf, type ImageOptions, type Recipe, recipeFor } from "./recipe.ts";

/** An image on this machine's disk. */
export interface LocalImage extends Image {
  readonly nodeVersion?: string | undefined;
  /** Holds `rootfs`, and `vm` once a virtual machine was made from it. Never changed after the build, never moved. */
  readonly directory: string;
  readonly containerImage: string;
}

export interface LocalImages extends Images {
  status(signal?: AbortSignal): Promise<ImageStatus<LocalImage>>;
  /** The newest one with the wanted fingerprint; null when it has to be built first. */
  current(): Promise<LocalImage | null>;
  build(...how: Parameters<Images["build"]>): Promise<ImageMade<LocalImage>>;
  /** @throws OpsError `tool-missing`, also when this is not root. */
  requireBuildTools(signal: AbortSignal): Promise<void>;
}

const TOOLS = ["mmdebstrap", "unshare", "setpriv", "flock", "chroot", "tar", "npm", "ip"];
/** The host's root, the container tree beside it, and the tree once more while podman imports it. */
const BUILD_BYTES = 5 * 2 ** 30;
const UNFINISHED = "building-";

/** The folder of a cache that its images are in: the one that an older Creel has begun, or else `images`. */
export function imagesIn(cache: string): string {
  const [folder, older] = [join(cache, "images"), join(cache, "snapshots")];
  return existsSync(older) && !existsSync(folder) ? older : folder;
}

/** Golden images in `options.cacheDir`, one directory each. Building needs root; using them does not. */
export function createCachedImages(
  options: ImageOptions,
  /** Directories of images that hosts stand on; null when nobody knows. */
  used: () => Promise<readonly string[] | null> = async () => [],
): LocalImages {
  const { cacheDir, imageMaxAgeDays: maxAgeDays = 30 } = options;
  const recipe = recipeFor(options);
  const wanted = fingerprintOf(recipe);

  async function current(): Promise<LocalImage | null> {
    return (await readAll(cacheDir)).find((image) => image.fingerprint === wanted) ?? null;
  }

  async function status(): Promise<ImageStatus<LocalImage>> {
    const all = await readAll(cacheDir);
    const changes = all[0] === undefined ? [] : changesSince(all[0], recipe);
    const current = all.find((image) => image.fingerprint === wanted) ?? null;
    return { wanted, changes, maxAgeDays, current, all };
  }

  async function build(
    report: (progress: ImageProgress) => void,
    signal: AbortSignal,
    { force } = { force: false },
  ): Promise<ImageMade<LocalImage>> {
    const before = await current();
    if (before !== null && !force) return { image: before, built: false };
    await requireBuildTools(cacheDir, signal);
    await mkdir(cacheDir, { recursive: true });
    const onWait = () => report({ stage: "Waiting for another build", number: 1, of: 1 });
    return await withFileLock(join(cacheDir, "lock"), signal, onWait, async () => {
      const meanwhile = await current();
      if (meanwhile !== null && meanwhile.directory !== before?.directory) return { image: meanwhile, built: false };
      await removeUnfinished(cacheDir);
      await requireSpace(cacheDir, BUILD_BYTES, "Building the golden image");
      const image = await buildInto(cacheDir, wanted, recipe, report, signal);
      await removeOldImages(await readAll(cacheDir), await used(), UNFINISHED);
      return { image, built: true };
    });
  }

  async function remove(id: string, signal = new AbortController().signal): Promise<void> {
    if (signal.aborted) throw stopped(signal);
    if (!existsSync(cacheDir)) return;
    await withFileLock(
      join(cacheDir, "lock"),
      signal,
      () => undefined,
      async () => {
        const image = (await readAll(cacheDir)).find((one) => one.id === id);
        if (image !== undefined && !(await removeImage(image.directory, UNFINISHED))) throw imageInUse(id, null);
      },
    );
  }

  return { status, build, current, remove, requireBuildTools: (signal) => requireBuildTools(cacheDir, signal) };
}

async function buildInto(
  cacheDir: string,
  fingerprint: string,
  recipe: Recipe,
  report: (progress: ImageProgress) => void,
  signal: AbortSignal,
): Promise<LocalImage> {
  const directory = join(cacheDir, `${UNFINISHED}${fingerprint}`);
  await mkdir(directory);
  try {
    const lock = projectLock(recipe.openclawVersion) ?? (await recordedLock(cacheDir, recipe.openclawVersion));
    await buildImage({ recipe, directory, lock, signal, report });
    const fields = {
      fingerprint,
      createdAtMs: Date.now(),
      sizeBytes: await sizeOf(directory, signal),
      system: guest.system,
      openclawVersion: recipe.openclawVersion,
      containerImage: recipe.containerImage,
      nodeVersion: recipe.nodeVersion,
    };
    const finished = await freeName(cacheDir, fingerprint);
    await finishImage(directory, finished, fields);
    return { ...fields, id: imageId(fields), directory: finished };
  } catch (error) {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    throw fullness(error) === null ? error : diskFull(cacheDir, error);
  }
}

/** What can be told; the rest of a fingerprint is files of Creel's own. */
function changesSince(old: ImageRecord, recipe: Recipe): string[] {
  const versions = [
    { name: "OpenClaw", before: old.openclawVersion, now: recipe.openclawVersion },
    { name: "Node", before: old.nodeVersion ?? recipe.nodeVersion, now: recipe.nodeVersion },
  ];
  return versions
    .filter(({ before, now }) => before !== now)
    .map(({ name, before, now }) => `${name} ${before} → ${now}`);
}

/** Hosts keep using the image they were made from, so a rebuilt one gets a directory of its own. */
async function freeName(cacheDir: string, fingerprint: string): Promise<string> {
  const taken = new Set(await readdir(cacheDir));
  for (let number = 2; ; number += 1) {
    if (!taken.has(fingerprint)) return join(cacheDir, fingerprint);
    const name = `${fingerprint}.${number}`;
    if (!taken.has(name)) return join(cacheDir, name);
  }
}

async function readAll(cacheDir: string): Promise<LocalImage[]> {
  const names = await readdir(cacheDir).catch((error: unknown) => {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  });
  const found = await Promise.all(
    names.filter((name) => /^[0-9a-f]{16}/.test(name)).map((name) => readOne(cacheDir, name)),
  );
  return found.filter((image) => image !== null).sort((a, b) => b.createdAtMs - a.createdAtMs);
}

async function readOne(cacheDir: string, name: string): Promise<LocalImage | null> {
  const directory = join(cacheDir, name);
  const record = await readImageRecord(directory);
  return record && { ...record, id: imageId(record), directory };
}

/** What the newest image with this version of OpenClaw was made with, so that the next one is made with the same; null when there is none. */
async function recordedLock(cacheDir: string, openclawVersion: string): Promise<string | null> {
  const same = (await readAll(cacheDir)).filter((image) => image.openclawVersion === openclawVersion);
  return same.map(({ directory }) => keptLock(directory)).find((file) => existsSync(file)) ?? null;
}

async function removeUnfinished(cacheDir: string): Promise<void> {
  const names = (await readdir(cacheDir)).filter((name) => name.startsWith(UNFINISHED));
  await Promise.all(names.map((name) => rm(join(cacheDir, name), { recursive: true, force: true, maxRetries: 5 })));
}

async function sizeOf(directory: string, signal: AbortSignal): Promise<number> {
  const { output } = await runChild(["du", "--summarize", "--bytes", directory], { signal });
  return Number.parseInt(output, 10);
}

async function requireBuildTools(cacheDir: string, signal: AbortSignal): Promise<void> {
  if (process.getuid?.() === 0) return await requireTools(TOOLS, signal);
  // Another state folder: files of root in this one would lock its owner out.
  const start = `sudo CREEL_STATE_DIR=/root/creel CREEL_CACHE_DIR=${shellWord(dirname(cacheDir))} scripts/creel start`;
  throw new OpsError({
    code: "tool-missing",
    userMessage: "Building the golden image needs root, once: it installs Debian packages into a directory.",
    hint:
      `Set local.driver to qemu in creel.yaml, run \`${start}\` and type /image build there (owners.terminal, if set, ` +
      "has to name root). Afterwards hosts under qemu need no root.",
  });
}

function diskFull(cacheDir: string, cause: unknown): OpsError {
  return new OpsError({
    code: "capacity",
    userMessage: `There was no room left in ${cacheDir} while the golden image was being built: ${fullness(cause)}.`,
    hint: "Free some space, then /image build.",
    cause,
  });
}
