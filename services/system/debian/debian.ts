import type { HostPaths, HostSystem } from "../system.ts";
import { hostKeyRotation } from "../systemd/host-key.ts";
import { isEnding, scriptWith } from "../systemd/systemd.ts";
import { cloudConfig } from "./cloud-config.ts";
import { firstBootDone } from "./first-boot.ts";
import { upkeep } from "./upkeep.ts";

const paths: HostPaths = {
  units: "/etc/systemd/system",
  quadlets: "/etc/containers/systemd",
  image: "/usr/lib/creel",
  quadletGenerator: "/usr/libexec/podman/quadlet",
};

/** Debian 13 that cloud-init sets up. */
export const debian: HostSystem = {
  name: "debian",
  login: { user: "root", asRoot: [] },
  paths,
  firstBoot: (fields) => ({ format: "cloud-config", text: cloudConfig(fields) }),
  settle: firstBootDone,
  ...hostKeyRotation({ folder: "/etc/ssh", unit: "ssh.service" }),
  script: (body) => scriptWith(paths, body),
  isEnding,
  upkeep,
};
