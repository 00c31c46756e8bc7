import { existsSync } from "node:fs";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { guest } from "../guest.ts";
import { asCapacity, type HostRecord } from "../record.ts";

type SeedFields = Pick<HostRecord, "name" | "userData">;

/** The layer over the image's root that makes it this host. Made as a whole or not at all; kept when it is there. */
export async function prepareUpper(record: SeedFields, folder: string, controllers: readonly string[]): Promise<void> {
  const upper = join(folder, "upper");
  if (existsSync(upper)) return;
  const unfinished = `${upper}.new`;
  try {
    await rm(unfinished, { recursive: true, force: true });
    for (const [path, content] of filesFor(record, controllers)) {
      await mkdir(dirname(join(unfinished, path)), { recursive: true, mode: 0o755 });
      await writeFile(join(unfinished, path), content, { mode: path.endsWith("/user-data") ? 0o600 : 0o644 });
    }
    const units = join(unfinished, guest.units);
    await mkdir(units, { recursive: true, mode: 0o755 });
    await Promise.all(guest.unitsOfMachines.map((unit) => symlink("/dev/null", join(units, unit))));
    await rename(unfinished, upper);
  } catch (error) {
    throw asCapacity(error, folder);
  }
}

function filesFor(record: SeedFields, controllers: readonly string[]): [path: string, content: string][] {
  const files: [string, string][] = [
    [`${guest.seed.folder}/user-data`, record.userData ?? guest.seed.empty],
    [`${guest.seed.folder}/meta-data`, JSON.stringify({ "instance-id": record.name, "local-hostname": record.name })],
    // Where the supervisor mounts the one that follows this machine's.
    ["etc/resolv.conf", ""],
  ];
  if (!controllers.includes("pids")) {
    // Podman's default limit needs a controller that hybrid hierarchies keep from hosts.
    files.push(["etc/containers/containers.conf.d/10-creel.conf", "[containers]\npids_limit = 0\n"]);
  }
  return files;
}
