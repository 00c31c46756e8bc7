import { chmod, copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { OpsError } from "../../../src/core/errors.ts";
import type { ImageProgress } from "../provider.ts";
import { runChild } from "./child.ts";
import { FILE_TREES, guest, ROOTFS_SCRIPT } from "./guest.ts";
import { lockedNode, noNode } from "./locked-node.ts";
import { keptLock } from "./openclaw-lock.ts";
import { BUILD_SCRIPTS, type Recipe } from "./recipe.ts";

/** The port only exists in the network namespace of the warming run. */
const WARMING_PORT = 18789;
const EVIDENCE_LINES = 30;
/** Dies with its parent, and takes every process and mount below it along. */
const CONTAINED = [
  ...["setpriv", "--pdeathsig", "KILL", "--"],
  ...["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--mount-proc"],
] as const;

interface Build {
  readonly recipe: Recipe;
  /** An empty directory; what is finished lies in `rootfs` below it. */
  readonly directory: string;
  /** The packages to install OpenClaw with; null: as they are today. */
  readonly lock: string | null;
  readonly signal: AbortSignal;
  readonly report: (progress: ImageProgress) => void;
}

/** Fills `directory` with a golden root filesystem. @throws OpsError `image-failed`, `cancelled`. */
export async function buildImage(build: Build): Promise<void> {
  const { recipe, directory } = build;
  const stages = stageCounter(build, recipe.pull === null ? 5 : 3);
  await mkdir(scratch(directory));
  // mkdir leaves out what the umask forbids, and package managers look into it as users of their own.
  await chmod(scratch(directory), 0o1777);
  await sideBySide(build, [
    (inside) => hostRootfs(inside, stages),
    ...(recipe.pull === null ? [(inside: Build) => containerTree(inside, stages)] : []),
  ]);

  stages("Storing the container image");
  const store = [script("store-container-image.sh"), join(directory, "rootfs"), recipe.containerImage] as const;
  if (recipe.pull === null) {
    await step(build, [...CONTAINED, ...store, "tree", join(directory, "container"), ...importChanges(recipe)]);
    const kept = join(directory, "rootfs", guest.brings, "openclaw-state");
    await mkdir(kept);
    await copyFile(firstState(directory), join(kept, "openclaw.sqlite"));
    await rm(firstState(directory));
  } else {
    await step(build, [...CONTAINED, ...store, "pull", recipe.pull]);
  }
  await rm(join(directory, "container"), { recursive: true, force: true });
  await rm(scratch(directory), { recursive: true });
  stages("Keeping the image");
}

async function hostRootfs(build: Build, stages: (name: string) => void): Promise<void> {
  const { recipe, directory } = build;
  stages(`Installing ${guest.title} for the host`);
  await step(build, [
    ...CONTAINED,
    ROOTFS_SCRIPT,
    join(directory, "rootfs"),
    FILE_TREES.join(":"),
    recipe.suite,
    recipe.hostPackages.join(","),
    ...(recipe.mirror === null ? [] : [recipe.mirror]),
  ]);
}

async function containerTree(build: Build, stages: (name: string) => void): Promise<void> {
  const { recipe, directory, lock } = build;
  const tree = join(directory, "container");
  const how =
    lock === null ? `, and what it needs as it is today: there is no lock file for ${recipe.openclawVersion}` : "";
  stages(`Installing OpenClaw${how}`);
  const node = lockedNode();
  if (node === null) throw noNode();
  if (lock !== null) await copyFile(lock, keptLock(directory));
  const npm = join(directory, "npm");
  const fetch = [script("fetch-openclaw.sh"), npm, recipe.openclawVersion, keptLock(directory), node.file];
  const base = [script("container-base.sh"), tree, recipe.suite, recipe.containerPackages.join(",")];
  await sideBySide(build, [
    (inside) => step(inside, [...CONTAINED, ...fetch]),
    (inside) => step(inside, [...CONTAINED, ...base, ...(recipe.mirror === null ? [] : [recipe.mirror])]),
  ]);
  await step(build, [script("place-openclaw.sh"), tree, npm, node.file]);
  stages("Warming the gateway's compile cache");
  const env = Object.entries(recipe.containerEnv).map(([name, value]) => `${name}=${value}`);
  await step(build, [
    ...CONTAINED,
    ...["unshare", "--net", "--"],
    script("warm-compile-cache.sh"),
    tree,
    String(WARMING_PORT),
    firstState(directory),
    ...env,
  ]);
}

/** Runs the parts at once. When one of them fails the others are stopped, and its error is thrown when all have ended. */
async function sideBySide(build: Build, parts: readonly ((inside: Build) => Promise<void>)[]): Promise<void> {
  const failed = new AbortController();
  const inside = { ...build, signal: AbortSignal.any([build.signal, failed.signal]) };
  const running = parts.map((part) => part(inside));
  for (const part of running) part.catch((error: unknown) => failed.abort(error));
  const outcomes = await Promise.allSettled(running);
  if (outcomes.some((outcome) => outcome.status === "rejected")) throw failed.signal.reason;
}

/** For temporary files: what a killed program leaves goes with the build's directory. */
function scratch(directory: string): string {
  return join(directory, "tmp");
}

/** Where the database for a gateway's first start waits until the host's root is there. */
function firstState(directory: string): string {
  return join(directory, "openclaw.sqlite");
}

function importChanges(recipe: Recipe): string[] {
  return [
    ...Object.entries(recipe.containerEnv).map(([name, value]) => `ENV ${name}=${value}`),
    "USER node",
    "WORKDIR /home/node",
    'ENTRYPOINT ["tini", "--"]',
    'CMD ["openclaw", "gateway", "run"]',
  ].flatMap((change) => ["--change", change]);
}

async function step(build: Build, argv: readonly [string, ...string[]]): Promise<void> {
  const { directory: cwd, signal } = build;
  const logFile = join(cwd, "build.log");
  const { exitCode } = await runChild(["env", `TMPDIR=${scratch(cwd)}`, ...argv], { signal, logFile, cwd });
  if (exitCode === 0) return;
  const log = await readFile(logFile, "utf8");
  throw new OpsError({
    code: "image-failed",
    userMessage: "Building the golden image failed.",
    hint: "The lines below are the end of the build log. When a download failed, /image build tries again.",
    evidence: log.trimEnd().split("\n").slice(-EVIDENCE_LINES),
  });
}

function stageCounter(build: Build, of: number): (stage: string) => void {
  let number = 0;
  return (stage) => {
    number += 1;
    build.report({ stage, number, of });
  };
}

function script(name: string): string {
  return join(BUILD_SCRIPTS, name);
}
