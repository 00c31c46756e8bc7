import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { generateHostKey } from "../../../../services/host-shell/host-key.ts";
import { debian } from "../../../../services/system/debian/debian.ts";
import type { FirstBoot } from "../../../../services/system/system.ts";
import { firstBootContract } from "../../../contract/system.ts";

const document = z.object({
  hostname: z.string(),
  users: z.array(z.unknown()),
  disable_root: z.boolean(),
  ssh_pwauth: z.boolean(),
  ssh_deletekeys: z.boolean(),
  ssh_authorized_keys: z.tuple([z.string()]),
  ssh_keys: z.object({ ed25519_private: z.string(), ed25519_public: z.string() }),
  write_files: z.array(z.object({ path: z.string(), content: z.string() })),
});

function read(firstBoot: FirstBoot): z.output<typeof document> {
  if (firstBoot.format !== "cloud-config") throw new Error(`Debian does not read ${firstBoot.format}.`);
  expect(firstBoot.text.startsWith("#cloud-config\n")).toBe(true);
  return document.parse(parse(firstBoot.text));
}

firstBootContract(debian, (firstBoot) => {
  const { hostname, ssh_authorized_keys, ssh_keys } = read(firstBoot);
  const [authorizedKey] = ssh_authorized_keys;
  const { ed25519_private: privateKey, ed25519_public: publicKey } = ssh_keys;
  return { hostName: hostname, authorizedKey, privateKey, publicKey };
});

const told = () =>
  read(debian.firstBoot({ hostName: "ada-1", authorizedKey: "ssh-ed25519 AAAA creel", hostKey: generateHostKey() }));

it("lets root in by Creel's key and nobody else", () => {
  const { write_files, ...config } = told();
  expect(config).toMatchObject({ users: [], disable_root: false, ssh_pwauth: false });
  const sshd = write_files.find(({ path }) => path.startsWith("/etc/ssh/sshd_config.d/"));
  expect(sshd?.content).toContain("PermitRootLogin prohibit-password");
  expect(sshd?.content).toContain("PasswordAuthentication no");
});

it("lets no host keep the keys that an image brings", () => {
  expect(told().ssh_deletekeys).toBe(true);
  const golden = new URL("../../../../cloud-init/golden/etc/cloud/cloud.cfg", import.meta.url);
  expect(parse(readFileSync(golden, "utf8"))).toMatchObject({ ssh_deletekeys: true });
});
