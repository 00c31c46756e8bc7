import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fingerprintOf, generateHostKey } from "../../../services/host-shell/host-key.ts";
import { commandLine } from "../../../services/host-shell/quoting.ts";
import { toBase32 } from "../../../src/core/host-keys.ts";

const argument = fc
  .oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom(..."'\"\\$`!*~#;&|<>(){}[]\n\t a=") }))
  .filter((text) => !text.includes("\0"));

describe("command lines", () => {
  it("arrive at the program as they were, through every shell there is", () => {
    const shells = ["/bin/sh", "/bin/bash"];
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 6 }), fc.constantFrom(...shells), (args, shell) => {
        const line = commandLine(["printf", "%s\\0", ...args]);
        const output = execFileSync(shell, ["-c", line], { encoding: "utf8", stdio: "pipe" });
        expect(output).toBe(args.map((arg) => `${Buffer.from(arg).toString()}\0`).join(""));
      }),
      { numRuns: 150 },
    );
  });

  it("run programs whose name needs quoting, and no others", () => {
    expect(spawnSync("/bin/sh", ["-c", commandLine(["echo hi; true"])]).status).toBe(127);
  });

  it("refuse NUL, which no program could be given", () => {
    expect(() => commandLine(["echo", "a\0b"])).toThrow(expect.objectContaining({ code: "input-invalid" }));
  });
});

describe("host keys", () => {
  it("are what OpenSSH reads, with the same public part and fingerprint", () => {
    const folder = mkdtempSync(join(tmpdir(), "creel-key-"));
    try {
      for (let i = 0; i < 10; i++) {
        const key = generateHostKey();
        const file = join(folder, `key${i}`);
        writeFileSync(file, key.privateKey, { mode: 0o600 });
        expect(execFileSync("ssh-keygen", ["-y", "-f", file], { encoding: "utf8" }).trim()).toBe(key.publicKey);
        const shown = execFileSync("ssh-keygen", ["-l", "-E", "sha256", "-f", file], { encoding: "utf8" });
        const base64 = /SHA256:(\S+)/.exec(shown)?.[1] ?? "";
        expect(toBase32(Buffer.from(base64, "base64"))).toBe(key.fingerprint);
        expect(fingerprintOf(key.publicKey)).toBe(key.fingerprint);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("are not made out of nonsense", () => {
    expect(() => fingerprintOf("ssh-ed25519 AAAA")).toThrow(expect.objectContaining({ code: "input-invalid" }));
  });
});
