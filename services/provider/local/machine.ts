import { statfs } from "node:fs/promises";
import { OpsError } from "../../../src/core/errors.ts";
import { runChild } from "./child.ts";

/** Which Debian package brings a program, for the hint. */
const PACKAGES: Readonly<Record<string, string>> = {
  mmdebstrap: "mmdebstrap",
  unshare: "util-linux",
  setpriv: "util-linux",
  flock: "util-linux",
  chroot: "coreutils",
  tar: "tar",
  npm: "npm",
  ip: "iproute2",
  nft: "nftables",
  "systemd-nspawn": "systemd-container",
  "qemu-system-x86_64": "qemu-system-x86",
  "qemu-img": "qemu-utils",
  genisoimage: "genisoimage",
  mke2fs: "e2fsprogs",
};

/** @throws OpsError `tool-missing` that names every missing program and the command that installs them. */
export async function requireTools(names: readonly string[], signal?: AbortSignal): Promise<void> {
  const missing = await missingTools(names, signal);
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => PACKAGES[name] ?? name))];
  throw new OpsError({
    code: "tool-missing",
    userMessage: `This machine lacks ${missing.join(", ")}.`,
    hint: `On Debian or Ubuntu: sudo apt-get install ${packages.join(" ")}`,
  });
}

export async function missingTools(names: readonly string[], signal?: AbortSignal): Promise<string[]> {
  const script = 'for tool do command -v "$tool" >/dev/null || echo "$tool"; done';
  const { output } = await runChild(["sh", "-c", script, "sh", ...names], signal === undefined ? {} : { signal });
  return output.split("\n").filter((line) => line !== "");
}

/** @throws OpsError `capacity` when the file system of `directory` has less than `neededBytes` left. */
export async function requireSpace(directory: string, neededBytes: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes) return;
  const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  throw new OpsError({
    code: "capacity",
    userMessage: `${what} needs ${gib(neededBytes)} GiB in ${directory}, and only ${gib(freeBytes)} GiB are free.`,
    hint: "Free some space or move the folder to a larger disk, then try again.",
  });
}
