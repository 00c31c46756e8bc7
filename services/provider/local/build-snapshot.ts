import { chmod, copyFile, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { OpsError } from "../../../src/core/errors.ts";
import type { SnapshotProgress } from "../provider.ts";
import { runChild } from "./child.ts";
import { BUILD_SCRIPTS, FILE_TREES, type Recipe } from "./recipe.ts";

/** The port only exists in the network namespace of the warming run. */
const WARMING_PORT = 18789;
const EVIDENCE_LINES = 30;
/** Dies with its parent, and takes every process and mount below it along. */
const CONTAINED = [
  ...["setpriv", "--pdeathsig", "KILL", "--"],
  ...["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"],
] as const;

interface Build {
  readonly recipe: Recipe;
  /** An empty directory; what is finished lies in `rootfs` below it. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly report: (progress: SnapshotProgress) => void;
}

/** Fills `directory` with a golden root filesystem. @throws OpsError `snapshot-failed`, `cancelled`. */
export async function buildSnapshot(build: Build): Promise<void> {
  const { recipe, directory } = build;
  const stages = stageCounter(build, recipe.pull === null ? 5 : 3);
  await mkdir(scratch(directory));
  // mkdir leaves out what the umask forbids, and apt looks into it as a user of its own.
  await chmod(scratch(directory), 0o1777);
  const failed = new AbortController();
  // When one part fails the others must not go on.
  const signal = AbortSignal.any([build.signal, failed.signal]);
  const inside = { ...build, signal };
  const parts = [hostRootfs(inside, stages), recipe.pull === null ? containerTree(inside, stages) : Promise.resolve()];
  for (const part of parts) part.catch((error: unknown) => failed.abort(error));
  const outcomes = await Promise.allSettled(parts);
  if (outcomes.some((outcome) => outcome.status === "rejected")) throw failed.signal.reason;

  stages("Storing the container image");
  const store = [script("store-container-image.sh"), join(directory, "rootfs"), recipe.containerImage] as const;
  if (recipe.pull === null) {
    await step(inside, [...CONTAINED, ...store, "tree", join(directory, "container"), ...importChanges(recipe)]);
    const kept = join(directory, "rootfs", "usr", "lib", "creel", "openclaw-state");
    await mkdir(kept);
    await copyFile(firstState(directory), join(kept, "openclaw.sqlite"));
    await rm(firstState(directory));
  } else {
    await step(inside, [...CONTAINED, ...store, "pull", recipe.pull]);
  }
  await rm(join(directory, "container"), { recursive: true, force: true });
  await rm(scratch(directory), { recursive: true });
  stages("Keeping the snapshot");
}

async function hostRootfs(build: Build, stages: (name: string) => void): Promise<void> {
  const { recipe, directory } = build;
  stages("Installing Debian for the host");
  await step(build, [
    ...CONTAINED,
    script("host-rootfs.sh"),
    join(directory, "rootfs"),
    FILE_TREES.join(":"),
    recipe.suite,
    recipe.hostPackages.join(","),
    ...(recipe.mirror === null ? [] : [recipe.mirror]),
  ]);
}

async function containerTree(build: Build, stages: (name: string) => void): Promise<void> {
  const { recipe, directory } = build;
  const tree = join(directory, "container");
  const prefix = join(directory, "npm");
  stages("Installing OpenClaw");
  await mkdir(prefix);
  const npm = [
    ...[
      "npm",
      "install",
      "--global",
      `--prefix=${prefix}`,
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--no-progress",
    ],
    // npm may run under an older Node than the one that goes into the image.
    "--engine-strict=false",
    `openclaw@${recipe.openclawVersion}`,
  ];
  await both(
    step(build, [...CONTAINED, ...npm]),
    step(build, [
      ...CONTAINED,
      script("container-base.sh"),
      tree,
      recipe.suite,
      recipe.containerPackages.join(","),
      ...(recipe.mirror === null ? [] : [recipe.mirror]),
    ]),
  );
  await rm(join(tree, "usr", "local", "lib"), { recursive: true, force: true });
  await rename(join(prefix, "lib"), join(tree, "usr", "local", "lib"));
  await rename(join(prefix, "bin", "openclaw"), join(tree, "usr", "local", "bin", "openclaw"));
  await rm(prefix, { recursive: true });
  await copyFile(process.execPath, join(tree, "usr", "local", "bin", "node"));
  await chmod(join(tree, "usr", "local", "bin", "node"), 0o755);
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
    code: "snapshot-failed",
    userMessage: "Building the golden snapshot failed.",
    hint: "The lines below are the end of the build log. When a download failed, /image build tries again.",
    evidence: log.trimEnd().split("\n").slice(-EVIDENCE_LINES),
  });
}

/** Waits for both even when one fails, so that nothing is still writing when the directory is removed. */
async function both(first: Promise<void>, second: Promise<void>): Promise<void> {
  const outcomes = await Promise.allSettled([first, second]);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
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
