import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import type { FirstBootFields } from "../system.ts";

/** Also baked into the golden image from the same files, where writing them again changes nothing. */
const HARDENING = ["/etc/ssh/sshd_config.d/10-creel.conf", "/etc/nftables.conf", "/etc/sysctl.d/60-creel.conf"].map(
  (path) => ({
    path,
    owner: "root:root",
    permissions: "0644",
    content: readFileSync(new URL(`../../../cloud-init/hardening${path}`, import.meta.url), "utf8"),
  }),
);

/** On a golden image all this is in force since the boot; a stock Debian cloud image needs it once. */
const APPLY = `test -e /usr/lib/creel/golden && exit 0
sysctl --quiet --system
if command -v nft >/dev/null; then systemctl enable nftables && systemctl restart nftables; fi
systemctl try-reload-or-restart ssh
`;

/**
 * Complete cloud-init user-data for a new host. The values are data: whatever they contain, they come out of the parsed document as
 * they went in. The host key is the only private thing in it, and is replaced on the first connection.
 */
export function cloudConfig({ hostName, authorizedKey, hostKey }: FirstBootFields): string {
  const config = {
    hostname: hostName,
    preserve_hostname: false,
    // No default user, no passwords: root by Creel's key.
    users: [],
    disable_root: false,
    ssh_pwauth: false,
    ssh_authorized_keys: [authorizedKey],
    ssh_deletekeys: true,
    ssh_keys: { ed25519_private: hostKey.privateKey, ed25519_public: hostKey.publicKey },
    write_files: HARDENING,
    runcmd: [["sh", "-c", APPLY]],
  };
  return `#cloud-config\n${stringify(config, { lineWidth: 0 })}`;
}
