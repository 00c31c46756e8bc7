import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export interface SnapshotOptions {
  /** Where snapshots are kept; on a file system that can carry overlay mounts. */
  readonly cacheDir: string;
  /** Exact version of the npm package `openclaw`. */
  readonly openclawVersion?: string;
  /** Pulls the gateway's container image by digest instead of building it. */
  readonly containerImage?: { readonly pull: string };
  /** Debian mirror; null or absent: Debian's own. */
  readonly mirror?: string | null;
}

/** Everything that decides what a snapshot contains. */
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

const DEFAULT_OPENCLAW_VERSION = "2026.9.6";

const HOST_PACKAGES = [
  ...["systemd", "systemd-sysv", "systemd-resolved", "dbus", "udev", "kmod", "procps", "iproute2", "nftables"],
  ...["openssh-server", "ca-certificates", "curl", "e2fsprogs", "zstd", "cloud-init"],
  ...["podman", "crun", "conmon", "netavark", "aardvark-dns", "catatonit"],
  ...["restic", "rclone"],
  ...["linux-image-cloud-amd64", "initramfs-tools"],
];
const CONTAINER_PACKAGES = ["ca-certificates", "git", "curl", "tini"];

const here = dirname(fileURLToPath(import.meta.url));
const project = join(here, "..", "..", "..");

export const BUILD_SCRIPTS = join(here, "build");
/** Copied over the root filesystem in this order. */
export const FILE_TREES = [join(project, "cloud-init", "hardening"), join(project, "cloud-init", "golden")] as const;

export function recipeFor(options: SnapshotOptions): Recipe {
  const openclawVersion = options.openclawVersion ?? DEFAULT_OPENCLAW_VERSION;
  return {
    suite: "trixie",
    hostPackages: HOST_PACKAGES,
    containerPackages: CONTAINER_PACKAGES,
    openclawVersion,
    nodeVersion: process.versions.node,
    containerImage: `localhost/creel/openclaw:${openclawVersion}`,
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
  const files = [join(here, "build-snapshot.ts"), ...[BUILD_SCRIPTS, ...FILE_TREES].flatMap(filesBelow)];
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
