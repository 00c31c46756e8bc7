import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { OpsError } from "../../../../src/core/errors.ts";
import { runChild } from "../child.ts";
import { withFileLock } from "../lock.ts";
import { BUILD_SCRIPTS } from "../recipe.ts";

const MACHINE_DISK_GB = 20;

export interface MachineDisk {
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string;
}

/** The files of an image, or of an image that was kept from one, whether they exist or not. */
export function machineDisk(image: string): MachineDisk {
  const directory = join(image, "vm");
  return {
    disk: join(directory, "disk.qcow2"),
    kernel: join(directory, "vmlinuz"),
    initrd: join(directory, "initrd.img"),
  };
}

/** Makes the disk that virtual machines start from, once per image, when the first one needs it. */
export async function makeMachineDisk(image: string, signal: AbortSignal): Promise<void> {
  const directory = join(image, "vm");
  if (existsSync(directory)) return;
  await withFileLock(
    `${directory}.lock`,
    signal,
    () => undefined,
    async () => {
      if (!existsSync(directory)) await make(image, directory, signal);
    },
  );
}

async function make(image: string, directory: string, signal: AbortSignal): Promise<void> {
  const unfinished = `${directory}.new`;
  await rm(unfinished, { recursive: true, force: true });
  try {
    await mkdir(unfinished);
    const script = join(BUILD_SCRIPTS, "vm-disk.sh");
    const { exitCode, output } = await runChild([script, join(image, "rootfs"), unfinished, String(MACHINE_DISK_GB)], {
      signal,
    });
    if (exitCode !== 0) {
      throw new OpsError({
        code: "image-failed",
        userMessage: "The disk for virtual machines could not be made from the golden image.",
        hint: "The first time needs root, because the image's files belong to it: set local.driver to qemu and run /image build as root.",
        evidence: output.trimEnd().split("\n").slice(-20),
      });
    }
    await rename(unfinished, directory);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}
