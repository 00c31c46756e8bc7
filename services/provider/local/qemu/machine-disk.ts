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

/** Makes the disk that virtual machines start from, once per snapshot, when the first one needs it. */
export async function machineDisk(snapshot: string, signal: AbortSignal): Promise<MachineDisk> {
  const directory = join(snapshot, "vm");
  const files = {
    disk: join(directory, "disk.qcow2"),
    kernel: join(directory, "vmlinuz"),
    initrd: join(directory, "initrd.img"),
  };
  if (existsSync(directory)) return files;
  await withFileLock(
    `${directory}.lock`,
    signal,
    () => undefined,
    async () => {
      if (!existsSync(directory)) await make(snapshot, directory, signal);
    },
  );
  return files;
}

async function make(snapshot: string, directory: string, signal: AbortSignal): Promise<void> {
  const unfinished = `${directory}.new`;
  await rm(unfinished, { recursive: true, force: true });
  try {
    await mkdir(unfinished);
    const script = join(BUILD_SCRIPTS, "vm-disk.sh");
    const { exitCode, output } = await runChild(
      [script, join(snapshot, "rootfs"), unfinished, String(MACHINE_DISK_GB)],
      { signal },
    );
    if (exitCode !== 0) {
      throw new OpsError({
        code: "snapshot-failed",
        userMessage: "The disk for virtual machines could not be made from the golden snapshot.",
        hint: "The first time needs root, because the snapshot's files belong to it: set local.driver to qemu and run /image build as root.",
        evidence: output.trimEnd().split("\n").slice(-20),
      });
    }
    await rename(unfinished, directory);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}
