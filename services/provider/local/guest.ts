import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const schema = z.strictObject({
  /** Name of the system that its hosts have. */
  system: z.string(),
  /** For people. */
  title: z.string(),
  release: z.string(),
  packages: z.array(z.string()),
  /** Folder in which it brings what is there for Creel, from its root. */
  brings: z.string(),
  /** Where it looks for what its first boot is told, if there is no cloud: a folder from its root, or a volume of this name. */
  seed: z.strictObject({
    folder: z.string(),
    volume: z.string(),
    /** For a boot that is told nothing. */
    empty: z.string(),
  }),
  /** Folder of systemd's units, from its root. */
  units: z.string(),
  /** What a virtual machine needs and a container only spends boot time on: devices, kernel modules, network set-up. */
  unitsOfMachines: z.array(z.string()),
});

const folder = fileURLToPath(new URL("../../../cloud-init", import.meta.url));

/** The system of the images that are made on this machine. Everything that is particular to it lies in `cloud-init`. */
export const guest = schema.parse(JSON.parse(readFileSync(join(folder, "image", "image.json"), "utf8")));
/** Fills an empty folder with its root file system; says itself how it is called. */
export const ROOTFS_SCRIPT = join(folder, "image", "rootfs.sh");
/** Copied over the root file system in this order. */
export const FILE_TREES = [join(folder, "hardening"), join(folder, "golden")] as const;
