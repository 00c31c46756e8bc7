import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const SCRIPT = join(import.meta.dirname, "../../../../services/provider/local/nspawn/resolver.sh");
const STUB = "run/systemd/resolve/resolv.conf";

describe("the name servers of a host", () => {
  let root: string;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "creel-resolver-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** What hosts of a machine with these files get. */
  async function of(files: Readonly<Record<string, string>>): Promise<string> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    return execFileSync("sh", [SCRIPT, root], { encoding: "utf8" });
  }

  it("are the machine's, with its search domains and options", async () => {
    const text = "# mine\nsearch a.example b.example\nnameserver 10.0.0.2\nnameserver\t192.0.2.3\noptions timeout:1";
    expect(await of({ "etc/resolv.conf": text })).toBe(
      "nameserver 10.0.0.2\nnameserver 192.0.2.3\nsearch a.example b.example\noptions timeout:1\n",
    );
  });

  it("leave out what a host cannot reach, and say so", async () => {
    const text = "nameserver 2001:db8::1\nnameserver 127.0.0.1\nnameserver 192.0.2.3\nnameserver fe80::1%eth0";
    const shown = await of({ "etc/resolv.conf": text });
    expect(shown.split("\n").filter((line) => line.startsWith("nameserver"))).toEqual(["nameserver 192.0.2.3"]);
    for (const address of ["2001:db8::1", "127.0.0.1", "fe80::1%eth0"]) {
      expect(shown).toContain(`# Hosts cannot reach the name server ${address} of this machine; it is left out.\n`);
    }
  });

  it.each(["127.0.0.53", "127.0.0.1", "::1", "0.0.0.0"])("are those behind a resolver at %s", async (stub) => {
    const files = { "etc/resolv.conf": `nameserver ${stub}\n`, [STUB]: "nameserver 10.0.0.2\nsearch home\n" };
    expect(await of(files)).toBe("nameserver 10.0.0.2\nsearch home\n");
  });

  it("are public ones where there are none, and it is said", async () => {
    for (const text of ["", "nameserver 127.0.0.1\n", "nameserver 2001:db8::1\n"]) {
      const shown = await of({ "etc/resolv.conf": text, [STUB]: "nameserver 127.0.0.1\n" });
      expect(shown).toContain("# This machine has no name server that its hosts can reach");
      expect(shown).toContain("nameserver 9.9.9.9\nnameserver 1.1.1.1\n");
    }
    rmSync(join(root, "etc"), { recursive: true });
    expect(await of({})).toContain("nameserver 9.9.9.9\n");
  });
});
