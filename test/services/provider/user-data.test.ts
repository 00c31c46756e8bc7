import fc from "fast-check";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { generateHostKey } from "../../../services/host-shell/host-key.ts";
import { buildUserData } from "../../../services/provider/user-data.ts";

const document = z.object({
  hostname: z.string(),
  users: z.array(z.unknown()),
  disable_root: z.boolean(),
  ssh_pwauth: z.boolean(),
  ssh_authorized_keys: z.array(z.string()),
  ssh_keys: z.object({ ed25519_private: z.string(), ed25519_public: z.string() }),
  write_files: z.array(z.object({ path: z.string(), content: z.string() })),
});

const nasty = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    "a: b",
    "- x",
    "'",
    '"',
    "\n---\n",
    "#!/bin/sh",
    "&a *a",
    "yes",
    "0x10",
    "null",
    "\t",
    " lead",
    "x\r\ny",
    "…",
    "",
  ),
);

it("brings back every value as it was given, whatever is in it", () => {
  fc.assert(
    fc.property(nasty, nasty, nasty, nasty, (hostName, authorizedKey, privateKey, publicKey) => {
      const text = buildUserData({ hostName, authorizedKey, hostKey: { privateKey, publicKey, fingerprint: "" } });
      const parsed = document.parse(parse(text));
      expect(text.startsWith("#cloud-config\n")).toBe(true);
      expect(parsed.hostname).toBe(hostName);
      expect(parsed.ssh_authorized_keys).toEqual([authorizedKey]);
      expect(parsed.ssh_keys).toEqual({ ed25519_private: privateKey, ed25519_public: publicKey });
    }),
  );
});

it("lets root in by Creel's key and nobody else", () => {
  const text = buildUserData({
    hostName: "ada-1",
    authorizedKey: "ssh-ed25519 AAAA creel",
    hostKey: generateHostKey(),
  });
  const parsed = document.parse(parse(text));
  expect(parsed).toMatchObject({ users: [], disable_root: false, ssh_pwauth: false });
  const sshd = parsed.write_files.find(({ path }) => path.startsWith("/etc/ssh/sshd_config.d/"));
  expect(sshd?.content).toContain("PermitRootLogin prohibit-password");
  expect(sshd?.content).toContain("PasswordAuthentication no");
});
