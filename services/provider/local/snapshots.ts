import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { OpsError } from "../../../src/core/errors.ts";
import type { Snapshot, SnapshotProgress, SnapshotStatus, Snapshots } from "../provider.ts";
import { buildSnapshot } from "./build-snapshot.ts";
import { isErrno, runChild } from "./child.ts";
import { withFileLock } from "./lock.ts";
import { requireSpace, requireTools } from "./machine.ts";
import { fingerprintOf, type Recipe, recipeFor, type SnapshotOptions } from "./recipe.ts";
import { finishSnapshot, readSnapshotRecord } from "./snapshot-record.ts";

/** A snapshot on this machine's disk. */
export interface LocalSnapshot extends Snapshot {
  /** Holds `rootfs`, and `vm` once a virtual machine was made from it. Never changed after the build, never moved. */
  readonly directory: string;
  readonly containerImage: string;
}

export interface LocalSnapshots extends Snapshots {
  /** The newest one with the wanted fingerprint; null when it has to be built first. */
  current(): Promise<LocalSnapshot | null>;
  /** @throws OpsError `tool-missing`, also when this is not root. */
  requireBuildTools(signal: AbortSignal): Promise<void>;
}

const TOOLS = ["mmdebstrap", "unshare", "setpriv", "flock", "chroot", "tar", "npm", "ip"];
/** The host's root, the container tree beside it, and the tree once more while podman imports it. */
const BUILD_BYTES = 5 * 2 ** 30;
const UNFINISHED = "building-";

/** Golden snapshots in `options.cacheDir`, one directory each. Building needs root; using them does not. */
export function createLocalSnapshots(options: SnapshotOptions): LocalSnapshots {
  const { cacheDir } = options;
  const recipe = recipeFor(options);
  const wanted = fingerprintOf(recipe);

  async function current(): Promise<LocalSnapshot | null> {
    return (await readAll(cacheDir)).find((snapshot) => snapshot.fingerprint === wanted) ?? null;
  }

  async function status(): Promise<SnapshotStatus> {
    const all = await readAll(cacheDir);
    return { wanted, current: all.find((snapshot) => snapshot.fingerprint === wanted) ?? null, all };
  }

  async function build(
    report: (progress: SnapshotProgress) => void,
    signal: AbortSignal,
    { force } = { force: false },
  ): Promise<Snapshot> {
    const before = await current();
    if (before !== null && !force) return before;
    await requireBuildTools(cacheDir, signal);
    await mkdir(cacheDir, { recursive: true });
    const onWait = () => report({ stage: "Waiting for another build", number: 1, of: 1 });
    return await withFileLock(join(cacheDir, "lock"), signal, onWait, async () => {
      const meanwhile = await current();
      if (meanwhile !== null && meanwhile.directory !== before?.directory) return meanwhile;
      await removeUnfinished(cacheDir);
      await requireSpace(cacheDir, BUILD_BYTES, "Building the golden snapshot");
      return await buildInto(cacheDir, wanted, recipe, report, signal);
    });
  }

  return { status, build, current, requireBuildTools: (signal) => requireBuildTools(cacheDir, signal) };
}

async function buildInto(
  cacheDir: string,
  fingerprint: string,
  recipe: Recipe,
  report: (progress: SnapshotProgress) => void,
  signal: AbortSignal,
): Promise<LocalSnapshot> {
  const directory = join(cacheDir, `${UNFINISHED}${fingerprint}`);
  await mkdir(directory);
  try {
    await buildSnapshot({ recipe, directory, signal, report });
    const fields = {
      fingerprint,
      createdAtMs: Date.now(),
      sizeBytes: await sizeOf(directory, signal),
      openclawVersion: recipe.openclawVersion,
      containerImage: recipe.containerImage,
    };
    const finished = await freeName(cacheDir, fingerprint);
    await finishSnapshot(directory, finished, fields);
    return { ...fields, directory: finished };
  } catch (error) {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    throw isErrno(error, "ENOSPC") ? diskFull(cacheDir, error) : error;
  }
}

/** Hosts keep using the snapshot they were made from, so a rebuilt one gets a directory of its own. */
async function freeName(cacheDir: string, fingerprint: string): Promise<string> {
  const taken = new Set(await readdir(cacheDir));
  for (let number = 2; ; number += 1) {
    if (!taken.has(fingerprint)) return join(cacheDir, fingerprint);
    const name = `${fingerprint}.${number}`;
    if (!taken.has(name)) return join(cacheDir, name);
  }
}

async function readAll(cacheDir: string): Promise<LocalSnapshot[]> {
  const names = await readdir(cacheDir).catch((error: unknown) => {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  });
  const found = await Promise.all(
    names.filter((name) => /^[0-9a-f]{16}/.test(name)).map((name) => readOne(cacheDir, name)),
  );
  return found.filter((snapshot) => snapshot !== null).sort((a, b) => b.createdAtMs - a.createdAtMs);
}

async function readOne(cacheDir: string, name: string): Promise<LocalSnapshot | null> {
  const directory = join(cacheDir, name);
  const record = await readSnapshotRecord(directory);
  return record && { ...record, directory };
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
  const start = `sudo CREEL_STATE_DIR=/root/creel CREEL_CACHE_DIR=${quoted(dirname(cacheDir))} scripts/creel start`;
  throw new OpsError({
    code: "tool-missing",
    userMessage: "Building the golden snapshot needs root, once: it installs Debian packages into a directory.",
    hint:
      `Set local.driver to qemu in creel.yaml, run \`${start}\` and type /image build there (owners.terminal, if set, ` +
      "has to name root). Afterwards hosts under qemu need no root.",
  });
}

function quoted(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function diskFull(cacheDir: string, cause: unknown): OpsError {
  return new OpsError({
    code: "capacity",
    userMessage: `The disk of ${cacheDir} became full while the golden snapshot was being built.`,
    hint: "Free some space, then /image build.",
    cause,
  });
}
