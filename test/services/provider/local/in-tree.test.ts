import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BUILD_SCRIPTS } from "../../../../services/provider/local/recipe.ts";

const run = promisify(execFile);

/** Where the tree is mounted, which only the script sees. */
let tree: string;
beforeEach(async () => {
  tree = await mkdtemp(join(tmpdir(), "creel-tree-"));
});
afterEach(() => rm(tree, { recursive: true, force: true }));

/** What foreign code sees and may do during a build of a golden image. */
async function inside(command: string): Promise<string> {
  const script = `
    set -eu
    tree=$1
    . ${BUILD_SCRIPTS}/in-tree.sh
    make_tree
    enter_tree
    as_node PATH=/usr/bin:/bin sh -c "$2"`;
  const argv = ["--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--mount-proc"];
  const env = { ...process.env, CREEL_TEST_SECRET: "canary" };
  const { stdout } = await run("unshare", [...argv, "sh", "-c", script, "sh", tree, command], { env });
  return stdout;
}

describe.skipIf(process.getuid?.() !== 0)("foreign code in a build", () => {
  it("has no privilege, and can get none", async () => {
    const status = await inside("cat /proc/self/status");
    expect(status).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m);
    expect(status).toMatch(/^Groups:\t *$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) {
      expect(status).toMatch(new RegExp(`^${set}:\t0+$`, "m"));
    }
  });

  it("sees no devices, no processes, no environment and no kernel settings of this machine", async () => {
    const seen = await inside("ls /dev; echo ==; ls /sys; echo ==; ls -d /proc/[0-9]*; echo ==; env; hostname");
    const [devices, sys, processes, rest = ""] = seen.split("==\n");
    expect(devices?.trim().split("\n")).toEqual(["fd", "full", "null", "random", "shm", "urandom", "zero"]);
    expect(sys).toBe("");
    expect(processes?.trim().split("\n").length).toBeLessThan(6);
    expect(rest).not.toContain("canary");
    expect(rest.trim().split("\n").at(-1)).toBe("build");
    expect((await readFile("/proc/sys/kernel/hostname", "utf8")).trim()).not.toBe("build");
  });

  it("has this machine's programs and no other file of it", async () => {
    const [root, etc] = (
      await inside("ls / | grep -v ^lib; echo ==; ls -A /etc /run /tmp; cat /usr/bin/env | wc -c")
    ).split("==\n");
    expect(root?.trim().split("\n")).toEqual(["bin", "dev", "etc", "proc", "run", "sbin", "sys", "tmp", "usr"]);
    expect(etc).toMatch(/^\/etc:\n\n\/run:\n\n\/tmp:\n\d+\n$/);
  });

  it("can write nowhere but in what is its own and goes away", async () => {
    const tried = await inside(
      "for at in / /usr /etc /run /dev /proc/sys/kernel/hostname; do (echo x >$at/new || echo x >$at) 2>/dev/null && echo $at; done; echo x >/tmp/a && echo tmp",
    );
    expect(tried).toBe("tmp\n");
  });
});
