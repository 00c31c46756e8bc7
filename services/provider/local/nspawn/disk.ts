import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { asCapacity, type HostRecord } from "../record.ts";

/** What a virtual machine needs and a container only spends boot time on: devices, kernel modules, network set-up. */
const MASKED_UNITS = [
  ...["systemd-udevd.service", "systemd-udevd-control.socket", "systemd-udevd-kernel.socket"],
  ...["systemd-udev-trigger.service", "systemd-udev-load-credentials.service", "systemd-modules-load.service"],
  ...["systemd-tmpfiles-setup-dev.service", "systemd-tmpfiles-setup-dev-early.service", "systemd-pstore.service"],
  ...["modprobe@.service", "systemd-remount-fs.service", "dev-hugepages.mount", "sys-fs-fuse-connections.mount"],
  ...["sys-kernel-debug.mount", "sys-kernel-tracing.mount", "sys-kernel-config.mount"],
  ...["systemd-networkd.service", "systemd-networkd.socket", "systemd-networkd-wait-online.service"],
  ...["systemd-network-generator.service", "systemd-networkd-persistent-storage.service", "systemd-resolved.service"],
];

/** The layer over the snapshot's root that makes it this host. Made as a whole or not at all; kept when it is there. */
export async function prepareUpper(record: HostRecord, folder: string, controllers: readonly string[]): Promise<void> {
  const upper = join(folder, "upper");
  if (existsSync(upper)) return;
  const unfinished = `${upper}.new`;
  try {
    await rm(unfinished, { recursive: true, force: true });
    for (const [path, content] of await filesFor(record, controllers)) {
      await mkdir(dirname(join(unfinished, path)), { recursive: true, mode: 0o755 });
      await writeFile(join(unfinished, path), content, { mode: path.endsWith("/user-data") ? 0o600 : 0o644 });
    }
    const units = join(unfinished, "etc", "systemd", "system");
    await mkdir(units, { recursive: true, mode: 0o755 });
    await Promise.all(MASKED_UNITS.map((unit) => symlink("/dev/null", join(units, unit))));
    await rename(unfinished, upper);
  } catch (error) {
    throw asCapacity(error, folder);
  }
}

async function filesFor(
  record: HostRecord,
  controllers: readonly string[],
): Promise<[path: string, content: string][]> {
  const files: [string, string][] = [
    ["var/lib/cloud/seed/nocloud/user-data", record.userData ?? "#cloud-config\n{}\n"],
    [
      "var/lib/cloud/seed/nocloud/meta-data",
      JSON.stringify({ "instance-id": record.name, "local-hostname": record.name }),
    ],
    ["etc/resolv.conf", await nameServers()],
  ];
  if (!controllers.includes("pids")) {
    // Podman's default limit needs a controller that hybrid hierarchies keep from hosts.
    files.push(["etc/containers/containers.conf.d/10-creel.conf", "[containers]\npids_limit = 0\n"]);
  }
  return files;
}

/** The machine's own; one on its loopback cannot be reached from a host, so the resolver behind it is asked for. */
async function nameServers(): Promise<string> {
  for (const file of ["/run/systemd/resolve/resolv.conf", "/etc/resolv.conf"]) {
    const text = await readFile(file, "utf8").catch(() => "");
    const lines = text.split("\n").filter((line) => /^nameserver (?!127\.|::1)/.test(line));
    if (lines.length > 0) return `${lines.join("\n")}\n`;
  }
  return "nameserver 9.9.9.9\nnameserver 1.1.1.1\n";
}
