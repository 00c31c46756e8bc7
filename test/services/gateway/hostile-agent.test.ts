import { execFile, spawn } from "node:child_process";
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hostScript, unitFiles } from "../../../services/gateway/install-files.ts";
import { openclawConfig } from "../../../services/gateway/openclaw-config.ts";
import { tarOf } from "../../../services/gateway/tar.ts";
import { debian } from "../../../services/system/debian/debian.ts";
import { scriptWith } from "../../../services/system/systemd/systemd.ts";
import { NO_SETTINGS } from "../../../src/core/agent-settings.ts";

const run = promisify(execFile);
const AGENT = 1000;
const OPENCLAW_JSON = openclawConfig(
  { port: 18789, setup: { settings: NO_SETTINGS, secrets: new Map() } },
  { gatewayToken: "for-this-test" },
).text;
const files = [
  ...unitFiles({ memoryMb: 2048, containerImage: "localhost/creel/openclaw:2026.9.6" }),
  { path: "openclaw.json", content: OPENCLAW_JSON },
];
const INPUT = Buffer.concat([Buffer.from('\n{"gatewayToken":"for-this-test"}\n'), tarOf(files)]);

/**
 * A root that the real script runs in: the machine's programs, and folders of its own for everything that it changes. systemd's and
 * Podman's programs are stood in for; the agent is a real process of uid 1000.
 */
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "creel-hostile-"));
  await chmod(root, 0o755);
  for (const path of ["usr", "dev", "proc", "run", "etc/cron.d", "var/lib", "var/cache", "fake", "tmp"]) {
    await mkdir(join(root, path), { recursive: true });
  }
  for (const name of ["bin", "sbin", "lib", "lib64"]) await symlink(`usr/${name}`, join(root, name));
  for (const name of ["passwd", "group"]) await cp(`/etc/${name}`, join(root, "etc", name));
  for (const name of ["systemctl", "systemd-creds", "quadlet", "podman"]) {
    // The others need only succeed.
    const script = `case $1 in
      encrypt) for last; do :; done; cat >"$last" ;;
      decrypt) grep for-this-test /etc/credstore.encrypted/creel-gateway.json ;;
      restart) mkdir -p /run/creel-secrets && cp /etc/credstore.encrypted/creel-gateway.json /run/creel-secrets/gateway.json ;;
    esac`;
    await writeFile(join(root, "fake", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  await writeFile(join(root, "etc/shadow"), "only root reads this\n", { mode: 0o600 });
  await mkdir(at("first/openclaw-state"), { recursive: true });
  await writeFile(at("first/openclaw-state/openclaw.sqlite"), "an empty database");
  await mkdir(at("var/lib/openclaw"));
  await chown(at("var/lib/openclaw"), AGENT, AGENT);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const at = (path: string) => join(root, path);
const config = () => at("var/lib/openclaw/openclaw.json");

const install = () => runScript("install.sh", INPUT);

/** The lines it prints. `secrets`: for a host that cannot read its own. */
async function repair(secrets = "", ...args: string[]): Promise<string[]> {
  const { stdout } = await runScript("repair.sh", Buffer.concat([Buffer.from(`\n${secrets}\n`), tarOf(files)]), args);
  return stdout.split("\n").filter((line) => line !== "");
}

/** Runs the script as root inside the root, with mounts that go away with it. */
async function runScript(name: string, input: Buffer, args: readonly string[] = []) {
  const inside = `
    mount --rbind /usr ${root}/usr
    mount -t tmpfs tmpfs ${root}/usr/libexec
    mkdir ${root}/usr/libexec/podman && cp ${root}/fake/quadlet ${root}/usr/libexec/podman/
    mount -t tmpfs tmpfs ${root}/usr/share
    mkdir -p ${root}/run
    mount --rbind /dev ${root}/dev`;
  const lib = `mount -t tmpfs tmpfs ${root}/usr/local && mkdir -p ${root}/usr/local/bin && cp ${root}/fake/* ${root}/usr/local/bin/`;
  const script = scriptWith({ ...debian.paths, image: "/first" }, hostScript(name));
  const chroot = `exec chroot ${root} env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin timeout 20 sh -c "$0" creel "$@"`;
  const child = run("unshare", ["--mount", "sh", "-e", "-c", `${inside}\n${lib}\n${chroot}`, script, ...args]);
  child.child.stdin?.end(input);
  return await child;
}

/** Runs JavaScript as the agent, in its own folder, until its standard input ends. */
function agent(script: string): { readonly stop: () => Promise<string> } {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    uid: AGENT,
    gid: AGENT,
    cwd: at("var/lib/openclaw"),
    stdio: ["pipe", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const ended = new Promise<string>((done) => child.once("close", () => done(output)));
  return {
    stop: async () => {
      child.stdin.end();
      return await ended;
    },
  };
}

/** Everything of the host that the agent must neither own nor have changed. */
async function hostFiles(): Promise<string> {
  // Units are the script's to write, and what lies in its own folders the agent's.
  const others = [
    "usr",
    "dev",
    "run",
    "etc/systemd",
    "etc/containers",
    "etc/credstore.encrypted",
    "var/lib/openclaw",
    "var/lib/creel",
    "var/cache",
  ];
  const except = others.flatMap((path) => ["-path", at(path), "-prune", "-o"]);
  const { stdout } = await run("find", [
    root,
    ...except,
    "(",
    "-type",
    "d",
    "-printf",
    "%p %U %m\n",
    "-o",
    "-printf",
    "%p %U %m %s %T@\n",
    ")",
  ]);
  return stdout;
}

describe.skipIf(process.getuid?.() !== 0)("installing where the agent has been", () => {
  it("puts the configuration and the first database there, the agent's own", async () => {
    await install();
    await install();
    expect(await readFile(config(), "utf8")).toBe(OPENCLAW_JSON);
    for (const path of [config(), at("var/lib/openclaw/state"), at("var/lib/openclaw/state/openclaw.sqlite")]) {
      expect(await lstat(path)).toMatchObject({ uid: AGENT, gid: AGENT });
    }
    expect((await lstat(config())).mode & 0o777).toBe(0o600);
    expect(await readdir(at("var/lib"))).toEqual(["creel", "openclaw"]);
  });

  it.each([
    ["a link to a file of the host", "symlinkSync('/etc/shadow', NAME)"],
    ["a link to a folder of the host", "symlinkSync('/etc/cron.d', NAME)"],
    ["a link to nowhere", "symlinkSync('/etc/new', NAME)"],
    ["a pipe that nobody writes to", "execFileSync('mkfifo', [NAME])"],
    ["a folder with something in it", "mkdirSync(NAME + '/a', { recursive: true })"],
    ["a link to itself", "symlinkSync(NAME, NAME)"],
  ])("takes %s for nothing else", async (_, make) => {
    const before = await hostFiles();
    const names = ["openclaw.json", "openclaw.json.part", "state.part", "state"];
    for (const name of names) {
      const script = `import { symlinkSync, mkdirSync } from "node:fs"; import { execFileSync } from "node:child_process"; ${make.replaceAll("NAME", JSON.stringify(name))}`;
      await agent(script).stop();
    }
    await install();
    expect(await hostFiles()).toEqual(before);
    expect((await lstat(config())).isFile()).toBe(true);
    expect(await readFile(config(), "utf8")).toBe(OPENCLAW_JSON);
    // The database was the agent's to have: whatever it is.
    expect((await lstat(at("var/lib/openclaw/state"))).uid).toBe(AGENT);
  });

  it("gives nothing of the host to an agent that swaps names while it works", async () => {
    const racer = agent(`
      import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
      const names = ["openclaw.json", "openclaw.json.part", "state.part", "state"];
      const tricks = [
        (name) => symlinkSync("/etc", name),
        (name) => symlinkSync("/etc/shadow", name),
        (name) => mkdirSync(name),
        (name) => { renameSync(name, name + ".old"); symlinkSync("/etc/cron.d", name); },
        (name) => rmSync(name, { recursive: true, force: true }),
      ];
      let going = true;
      process.stdin.on("end", () => { going = false; }).resume();
      let turns = 0;
      const race = () => {
        for (let number = 0; number < 200; number += 1, turns += 1) {
          try { tricks[turns % tricks.length](names[Math.floor(turns / 3) % names.length]); } catch {}
        }
        if (going) setImmediate(race); else console.log(turns);
      };
      race();`);
    const before = await hostFiles();
    // Whether an installation gets through is the agent's own harm; what must hold is that the host is what it was.
    for (let count = 0; count < 15; count += 1) await install().catch(() => undefined);
    expect(Number(await racer.stop())).toBeGreaterThan(1000);
    expect(await hostFiles()).toEqual(before);
    // Alone again, it finds its way whatever is lying there.
    await install();
    expect(await readFile(config(), "utf8")).toBe(OPENCLAW_JSON);
  }, 60_000);
});

describe.skipIf(process.getuid?.() !== 0)("repairing where the agent has been", () => {
  beforeEach(async () => {
    await install();
    await repair();
  });

  it("finds nothing to do where all is well, whatever stands in the configuration", async () => {
    await writeFile(config(), "somebody's own");
    expect(await repair()).toEqual([]);
    expect(await readFile(config(), "utf8")).toBe("somebody's own");
  });

  it("puts Creel's configuration in the place of one that was refused, and keeps each of those", async () => {
    for (const [index, text] of ["somebody's own", "another"].entries()) {
      await agent(`import { writeFileSync } from "node:fs"; writeFileSync("openclaw.json", "${text}")`).stop();
      const kept = `${config()}.refused`;
      if (index === 1)
        await mkdir(`${kept}.d`)
          .then(() => rename(`${kept}`, `${kept}.d/0`))
          .then(() => rename(`${kept}.d`, kept));
      expect(await repair("", "refused")).toEqual([
        expect.stringMatching(/^its configuration \(the old one is \S+refused/),
      ]);
      expect(await readFile(config(), "utf8")).toBe(OPENCLAW_JSON);
      expect(await lstat(config())).toMatchObject({ uid: AGENT, gid: AGENT });
    }
    const { stdout } = await run("grep", ["-rhE", "own|another", at("var/lib/openclaw")]);
    expect(stdout.trim().split("\n").toSorted()).toEqual(["another", "somebody's own"]);
  });

  it.each([
    ["nothing", "rmSync(NAME)"],
    ["an empty file", "writeFileSync(NAME, '')"],
    ["a folder with something in it", "rmSync(NAME); mkdirSync(NAME + '/a', { recursive: true })"],
    ["a link to a file of the host", "rmSync(NAME); symlinkSync('/etc/shadow', NAME)"],
    ["a pipe that nobody writes to", "rmSync(NAME); execFileSync('mkfifo', [NAME])"],
  ])("takes %s for no configuration", async (_, make) => {
    const before = await hostFiles();
    const script = `import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"; import { execFileSync } from "node:child_process"; ${make.replaceAll("NAME", '"openclaw.json"')}`;
    await agent(script).stop();
    expect(await repair()).toEqual([expect.stringMatching(/^its configuration/)]);
    expect(await readFile(config(), "utf8")).toBe(OPENCLAW_JSON);
    expect(await repair()).toEqual([]);
    expect(await hostFiles()).toEqual(before);
  });

  it("lets an agent in again that has shut itself out", async () => {
    await agent('import { chmodSync } from "node:fs"; chmodSync(".", 0)').stop();
    expect(await repair()).toEqual(["the rights on /var/lib/openclaw"]);
    expect((await lstat(at("var/lib/openclaw"))).mode & 0o777).toBe(0o700);
  });

  it("lets it in again deeper down, as the agent itself, and leaves what is read-only on purpose", async () => {
    await agent(`
      import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
      mkdirSync("state/deeper", { recursive: true });
      writeFileSync("state/openclaw.sqlite", "data", { mode: 0o400 });
      writeFileSync("state/deeper/secret", "data", { mode: 0 });
      writeFileSync("object", "data", { mode: 0o444 });
      symlinkSync("/etc/shadow", "state/link");
      chmodSync("state/deeper", 0);
      chmodSync("state", 0);
    `).stop();
    const before = await hostFiles();
    expect(await repair()).toEqual(["the rights on what is in /var/lib/openclaw"]);
    expect(await repair()).toEqual([]);
    const mode = async (path: string) => (await lstat(at(`var/lib/openclaw/${path}`))).mode & 0o777;
    expect(
      await Promise.all(["state", "state/deeper", "state/deeper/secret", "state/openclaw.sqlite", "object"].map(mode)),
    ).toEqual([0o700, 0o700, 0o600, 0o600, 0o444]);
    expect(await hostFiles()).toEqual(before);
  });

  it("says when the host cannot read its secrets any more, and gives it new ones", async () => {
    await writeFile(at("etc/credstore.encrypted/creel-gateway.json"), "of another machine");
    await rm(at("run/creel-secrets"), { recursive: true });
    await writeFile(join(root, "fake/systemctl"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
    await expect(repair()).rejects.toMatchObject({
      code: 66,
      stderr: expect.stringContaining("that this host can read"),
    });
    await writeFile(join(root, "fake/systemctl"), await readFile(join(root, "fake/systemd-creds")), { mode: 0o755 });
    expect(await repair('{"gatewayToken":"for-this-test"}')).toEqual([
      "its secrets, which this host could not read any more",
    ]);
    expect(await readFile(at("run/creel-secrets/gateway.json"), "utf8")).toContain("for-this-test");
  });
});
