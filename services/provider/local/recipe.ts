import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { containerImageOf, OPENCLAW_VERSION } from "../../../src/core/openclaw.ts";
import { FILE_TREES, guest, ROOTFS_SCRIPT } from "./guest.ts";
import { lockedNode } from "./locked-node.ts";
import { projectLock } from "./openclaw-lock.ts";

export interface ImageOptions {
  /** Where images are kept; on a file system that can carry overlay mounts. */
  readonly cacheDir: string;
  /** Exact version of the npm package `openclaw`. */
  readonly openclawVersion?: string;
  /** Pulls the gateway's container image by digest instead of building it. */
  readonly containerImage?: { readonly pull: string };
  /** After so many days an image is too old; default 30. */
  readonly imageMaxAgeDays?: number;
  /** Mirror of the packages; null or absent: the system's own. */
  readonly mirror?: string | null;
}

/** Everything that decides what an image contains. */
export interface Recipe {
  readonly suite: string;
  readonly hostPackages: readonly string[];
  readonly containerPackages: readonly string[];
  readonly openclawVersion: string;
  readonly nodeVersion: string;
  /** Name and tag of the container image on every host. */
  readonly containerImage: string;
  /** null: built from npm and Node. */
  readonly pull: string | null;
  readonly containerEnv: Readonly<Record<string, string>>;
  readonly mirror: string | null;
}

const CONTAINER_PACKAGES = ["ca-certificates", "git", "curl", "tini"];

const here = dirname(fileURLToPath(import.meta.url));
const project = join(here, "..", "..", "..");

export const BUILD_SCRIPTS = join(here, "build");

export function recipeFor(options: ImageOptions): Recipe {
  const openclawVersion = options.openclawVersion ?? OPENCLAW_VERSION;
  return {
    suite: guest.release,
    hostPackages: guest.packages,
    containerPackages: CONTAINER_PACKAGES,
    openclawVersion,
    nodeVersion: lockedNode()?.version ?? process.versions.node,
    containerImage: containerImageOf(openclawVersion),
    pull: options.containerImage?.pull ?? null,
    containerEnv: {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: "/home/node",
      NODE_COMPILE_CACHE: "/var/cache/openclaw/compile",
      // Without it OpenClaw starts itself a second time to switch the compile cache on.
      OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED: "1",
    },
    mirror: options.mirror ?? null,
  };
}

/** The first 16 hexadecimal digits of a SHA-256 over the recipe and the bytes of every script and file that takes part in a build. */
export function fingerprintOf(recipe: Recipe): string {
  const hash = createHash("sha256").update(JSON.stringify(recipe));
  const lock = recipe.pull === null ? projectLock(recipe.openclawVersion) : null;
  const files = [
    join(here, "build-image.ts"),
    ROOTFS_SCRIPT,
    ...(lock === null ? [] : [lock]),
    ...[BUILD_SCRIPTS, ...FILE_TREES].flatMap(filesBelow),
  ];
  for (const file of files) {
    const bytes = readFileSync(file);
    hash.update(`\n${relative(project, file)} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex").slice(0, 16);
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
