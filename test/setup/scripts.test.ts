import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const repository = resolve(import.meta.dirname, "../..");

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(
  file: string,
  args: readonly string[],
  options: { PATH?: string; cwd?: string; input?: string } = {},
): Promise<Ended> {
  return new Promise((done) => {
    const env = { ...process.env, ...(options.PATH === undefined ? {} : { PATH: options.PATH }) };
    const child = execFile(file, [...args], { env, cwd: options.cwd }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
    // Whoever closes its input early has no use for it; writing to it would fail.
    if (options.input === undefined) child.stdin?.end();
    else child.stdin?.end(options.input);
  });
}

/** A copy of the project's scripts with everything installed, and a PATH on which only chosen programs exist. */
let folder: string;
let bin: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "creel set-up "));
  bin = join(folder, "bin");
  await mkdir(bin);
  await mkdir(join(folder, "node_modules/.bin"), { recursive: true });
  await mkdir(join(folder, "src"));
  await cp(join(repository, "scripts"), join(folder, "scripts"), { recursive: true });
  await cp(join(repository, "package-lock.json"), join(folder, "package-lock.json"));
  await symlink(process.execPath, join(folder, "node_modules/.bin/node"));
  await writeFile(
    join(folder, "src/main.ts"),
    "console.log(process.argv[2] === 'path' ? process.env.PATH : process.version, JSON.stringify(process.argv.slice(2)));",
  );
  const { stdout } = await run("sh", ["-c", "cksum <package-lock.json"], { cwd: folder });
  await writeFile(join(folder, "node_modules/.creel-setup"), stdout);
  await pretend("id", "echo 0");
  for (const tool of [
    "sh",
    "dirname",
    "readlink",
    "tr",
    "grep",
    "paste",
    "cat",
    "cksum",
    "sed",
    "printf",
    "uname",
    "env",
    "mktemp",
  ]) {
    const { stdout: path } = await run("sh", ["-c", `command -v ${tool}`]);
    if (path.startsWith("/")) await symlink(path.trim(), join(bin, tool));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Stands for a program of the operating system whose answer the test decides. */
async function pretend(name: string, script: string): Promise<void> {
  const file = join(bin, name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

const setup = (...args: string[]) => run(join(folder, "scripts/setup"), args, { PATH: bin });

describe("scripts/setup", () => {
  test("does nothing, says nothing and takes no time where nothing is missing", async () => {
    const started = performance.now();
    const ended = await run(join(repository, "scripts/setup"), ["--test"]);
    expect(ended).toEqual({ code: 0, stdout: "", stderr: "" });
    // npm alone would take longer.
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test("leaves standard input to what comes after it", async () => {
    const ended = await run("sh", ["-c", "scripts/setup --node-only && cat"], {
      cwd: folder,
      input: "/deploy name:ada\n",
    });
    expect(ended.stdout).toBe("/deploy name:ada\n");
  });

  test("refuses options it does not know", async () => {
    const ended = await setup("--tset");
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain("--tset");
  });

  test("without apt-get names what to install", async () => {
    const ended = await setup();
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(/missing: redis-server \(keeps operations/);
    expect(ended.stderr).toMatch(/no apt-get.*redis-server.*restic/);
    expect(ended.stderr).toContain("systemd-container");
    expect(ended.stderr).not.toContain("qemu");
  });

  test("--qemu adds virtual machines", async () => {
    expect((await setup("--qemu")).stderr).toMatch(/no apt-get.*qemu-system-x86 qemu-utils/);
  });

  describe("with apt-get", () => {
    beforeAll(async () => {
      await pretend("apt-get", "echo apt-get must not run >&2; exit 1");
      await pretend("id", "echo 1000");
    });

    test("but neither root nor sudo, says the exact command", async () => {
      const ended = await setup();
      expect(ended.code).toBe(1);
      expect(ended.stderr).toMatch(
        /sudo apt-get update && sudo apt-get install -y --no-install-recommends redis-server restic .*qemu-system-x86/,
      );
      expect(ended.stderr).not.toContain("systemd-container");
      expect(ended.stderr).not.toContain("must not run");
    });

    test("and sudo, installs through it only what is missing", async () => {
      await pretend("sudo", `[ "$1" = -n ] && shift\n[ "$1" = true ] || echo "$*" >>"${folder}/sudo.log"`);
      await pretend("restic", "exit 0");
      const ended = await setup();
      expect(ended.code).toBe(0);
      const log = await readFile(join(folder, "sudo.log"), "utf8");
      expect(log).toMatch(/^sh .+\/apt-install\.sh redis-server rclone/);
      expect(log).not.toContain("restic");
    });
  });
});

describe("scripts/creel", () => {
  test("runs the project's own Node from any folder and through a link", async () => {
    const link = join(folder, "creel-link");
    await symlink(join(folder, "scripts/creel"), link);
    const ended = await run(link, ["--help", "two words"], { cwd: "/" });
    expect(ended).toEqual({ code: 0, stdout: `${process.version} ["--help","two words"]\n`, stderr: "" });
  });

  test("gives Creel administrators' programs, which ordinary users have not on their PATH", async () => {
    const ended = await run(join(folder, "scripts/creel"), ["path"], { PATH: "/usr/local/bin:/usr/bin:/bin" });
    expect(ended.stdout).toBe('/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin ["path"]\n');
  });
});
