import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { HostShell, HostShells } from "../../services/host-shell/host-shell.ts";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import type { HostSpec, Provider } from "../../services/provider/provider.ts";
import { asOpsError } from "../../src/core/errors.ts";
import type { Host } from "../../src/core/host.ts";
import { providerContract, specFor } from "../contract/provider.ts";
import { canRunHosts, SNAPSHOTS_DIR } from "./creel.ts";

const DRIVER = process.env.CREEL_E2E_DRIVER === "qemu" ? "qemu" : "nspawn";
const SUBNET = "10.231";
const FORWARDING = "/proc/sys/net/ipv4/ip_forward";
const never = new AbortController().signal;
/** TCG needs more than a minute for what takes a container a second. */
const PATIENCE_MS = DRIVER === "qemu" ? 300_000 : 30_000;

async function makeProvider(stateDir: string): Promise<Provider> {
  const provider = createLocalProvider({
    stateDir,
    cacheDir: SNAPSHOTS_DIR,
    driver: DRIVER,
    subnet: SUBNET,
    internet: false,
  });
  await provider.snapshots.build(({ stage }) => console.info(stage), never);
  return provider;
}

describe.skipIf(!canRunHosts())("local hosts", () => {
  let stateDir: string;
  let provider: Provider;
  let shells: HostShells;

  beforeAll(async () => {
    stateDir = await mkdtemp(join(tmpdir(), "creel-provider-"));
    provider = await makeProvider(stateDir);
    shells = createSshShells({ keyFile: join(stateDir, "id") });
  });
  afterEach(async () => {
    for (const { name } of await provider.list()) await provider.destroy(name);
  });
  afterAll(async () => {
    await rm(stateDir, { recursive: true, force: true });
  });

  providerContract(`local (${DRIVER})`, async () => {
    const directory = await mkdtemp(join(tmpdir(), "creel-contract-"));
    const local = await makeProvider(directory);
    return {
      provider: local,
      async dispose() {
        for (const { name } of await local.list()) await local.destroy(name);
        await rm(directory, { recursive: true, force: true });
      },
    };
  });

  async function newHost(agent: string): Promise<{ readonly spec: HostSpec; readonly host: Host }> {
    const spec = specFor(agent, { authorizedKey: await shells.authorizedKey() });
    return { spec, host: await provider.create(spec, never) };
  }

  it("boots into a verified, hardened system that reboots, powers off and comes back with its disk", async () => {
    const { spec, host } = await newHost("whole");
    const shell = await reach(shells, host);
    expect(shell.hostKeyFingerprint).toBe(spec.hostKeyFingerprint);
    const status = await shell.run(["cloud-init", "status", "--wait", "--long"]);
    expect(status.stdout).toContain("extended_status: done");
    expect(status.exitCode).toBe(0);
    expect(await shell.check(["hostname"])).toBe(`${spec.name}\n`);
    expect(await shell.check(["systemctl", "--failed", "--no-legend"])).toBe("");
    const schema = await shell.run(["cloud-init", "schema", "--system"]);
    expect(schema.exitCode, schema.stdout + schema.stderr).toBe(0);
    const sshd = await shell.check(["sshd", "-T"]);
    expect(sshd).toContain("passwordauthentication no");
    expect(sshd).toContain("permitrootlogin without-password");
    const images = await shell.check(["podman", "images", "--format", "{{.Repository}}:{{.Tag}} {{.ReadOnly}}"]);
    expect(images).toMatch(/^localhost\/creel\/openclaw:[\d.]+ true$/m);
    const version = await shell.check([
      ...(["podman", "run", "--rm", "--pull=never", "--network=none"] as const),
      ...["localhost/creel/openclaw:2026.9.6", "openclaw", "--version"],
    ]);
    expect(version).toContain("2026.9.6");

    await shell.check(["sh", "-c", "echo kept > /var/lib/kept; sync"]);
    const before = await shell.check(["cat", "/proc/sys/kernel/random/boot_id", "/proc/1/stat"]);
    await shell.run(["systemctl", "reboot"]).catch(asOpsError);
    await shell.close();
    const rebooted = await reachAgain(shells, host, before);
    expect(await rebooted.check(["cat", "/var/lib/kept"])).toBe("kept\n");

    await rebooted.run(["systemctl", "poweroff"]).catch(asOpsError);
    await rebooted.close();
    await until(async () => (await provider.find(host.name))?.state === "stopped");
    await provider.start(host.name);
    const found = await provider.find(host.name);
    expect(found).toMatchObject({ state: "running" });
    const started = await reach(shells, found ?? host);
    expect(await started.check(["cat", "/var/lib/kept"])).toBe("kept\n");
    await started.close();
    expect((await provider.consoleTail(host.name, 3)).length).toBe(3);
    await provider.destroy(host.name);
  });

  it("refuses a probe from outside at once", async () => {
    const { host } = await newHost("closed");
    const shell = await reach(shells, host);
    const listener = shell.run([
      "timeout",
      "20",
      "podman",
      "run",
      "--rm",
      "--network=host",
      "--entrypoint=node",
      "localhost/creel/openclaw:2026.9.6",
      "-e",
      "require('http').createServer((q,s)=>s.end('exposed')).listen(18789,'0.0.0.0')",
    ]);
    await until(async () => (await shell.check(["cat", "/proc/net/tcp"])).includes(":4965 "));
    const view = provider.outsideView(host, 18_789);
    expect(await whatComesBack(view.address, view.port)).toBe("");
    await shell.close();
    await listener.catch(asOpsError);
    await provider.destroy(host.name);
  });

  it("finishes a create that was cut off after the record was written", async () => {
    const { spec, host } = await newHost("cut");
    const recordFile = join(stateDir, "hosts", host.name, "host.json");
    const record = { ...JSON.parse(await readFile(recordFile, "utf8")), userData: spec.userData };
    await provider.destroy(host.name);
    await mkdir(join(stateDir, "hosts", host.name), { recursive: true });
    await writeFile(recordFile, JSON.stringify(record));
    expect(await provider.list()).toMatchObject([{ name: host.name, state: "stopped" }]);
    // Another host key comes with the repetition; the one of the record is the one that counts.
    const again = specFor("cut", { name: spec.name });
    const finished = await provider.create(again, never);
    expect(finished).toMatchObject({ state: "running", hostKeyFingerprint: spec.hostKeyFingerprint });
    const shell = await reach(shells, finished);
    expect(shell.hostKeyFingerprint).toBe(spec.hostKeyFingerprint);
    await shell.close();
    await provider.destroy(host.name);
    expect(await readdir(join(stateDir, "hosts"))).toEqual([]);
  });

  it("leaves hosts running when Creel dies, and finds them again", async () => {
    const spec = specFor("orphan", { authorizedKey: await shells.authorizedKey() });
    const script = `
      import { createLocalProvider } from ${JSON.stringify(new URL("../../services/provider/local/local-provider.ts", import.meta.url).href)};
      const [options, spec] = JSON.parse(process.argv[1]);
      await createLocalProvider(options).create(spec, new AbortController().signal);
      process.kill(process.pid, "SIGKILL");`;
    const options = { stateDir, cacheDir: SNAPSHOTS_DIR, driver: DRIVER, subnet: SUBNET, internet: false };
    const argv = ["--input-type=module", "--eval", script, JSON.stringify([options, spec])];
    expect(spawnSync(process.execPath, argv).signal).toBe("SIGKILL");
    const host = await provider.find(spec.name);
    expect(host).toMatchObject({ state: "running" });
    if (host === null) return;
    await (await reach(shells, host)).close();
    await provider.destroy(spec.name);
  });

  it("says that the disk is full and leaves nothing", async () => {
    const small = await mkdtemp(join(tmpdir(), "creel-full-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small]);
    try {
      const cramped = await makeProvider(small);
      const spec = specFor("cramped");
      await expect(cramped.create(spec, never)).rejects.toMatchObject({ code: "capacity" });
      expect(await cramped.find(spec.name)).toBeNull();
      expect(await readdir(join(small, "hosts"))).toEqual([]);
    } finally {
      execFileSync("umount", [small]);
      await rm(small, { recursive: true });
    }
  });

  describe.skipIf(DRIVER !== "nspawn")("under nspawn", () => {
    it("takes another address when its own is taken, and leaves nothing in the kernel", async () => {
      execFileSync("ip", ["link", "add", "cl10-231-0", "type", "veth", "peer", "name", "cl10-231-peer"]);
      try {
        const { host } = await newHost("moved");
        expect(host.address).toBe("10.231.0.6");
        expect(Object.keys(networkInterfaces())).toContain("cl10-231-1");
        await provider.destroy(host.name);
      } finally {
        execFileSync("ip", ["link", "delete", "cl10-231-0"]);
      }
      expect(Object.keys(networkInterfaces()).filter((name) => name.startsWith("cl10-231"))).toEqual([]);
    });

    it("keeps the way to the internet while any state folder's host needs it, and repairs it", async () => {
      const folders = await Promise.all(["one", "two"].map((name) => mkdtemp(join(tmpdir(), `creel-${name}-`))));
      const internet = folders.map((folder) =>
        createLocalProvider({ stateDir: folder, cacheDir: SNAPSHOTS_DIR, driver: DRIVER, subnet: "10.232" }),
      );
      const [one, two] = internet;
      if (one === undefined || two === undefined) throw new Error("There are two folders.");
      const tables = () => execFileSync("nft", ["list", "tables"], { encoding: "utf8" });
      const table = "table ip creel_10_232\n";
      const complaints = async () =>
        (await two.diagnose()).filter(({ subject }) => subject === "internet of local hosts");
      const before = tables();
      const forwarding = await readFile(FORWARDING, "utf8");
      try {
        const first = await one.create(specFor("first"), never);
        const second = await two.create(specFor("second"), never);
        expect(tables()).toContain(table);
        await one.destroy(first.name);
        expect(tables()).toContain(table);
        expect(await complaints()).toEqual([]);

        execFileSync("nft", ["delete", "table", "ip", "creel_10_232"]);
        expect(await complaints()).toMatchObject([{ verdict: "warning", fix: expect.stringContaining("Restart") }]);
        await two.start(second.name);
        expect(tables()).toContain(table);
        await writeFile(FORWARDING, "0");
        expect(await complaints()).toMatchObject([{ verdict: "warning" }]);
        await two.start(second.name);
        expect(await complaints()).toEqual([]);

        const [third] = await Promise.all([one.create(specFor("third"), never), two.destroy(second.name)]);
        expect(tables()).toContain(table);
        await one.destroy(third.name);
        expect(tables()).toBe(before);
      } finally {
        for (const each of internet) for (const { name } of await each.list()) await each.destroy(name);
        await writeFile(FORWARDING, forwarding);
        for (const folder of folders) await rm(folder, { recursive: true, force: true });
      }
    });

    it("shows a host whose processes were killed as stopped, and starts it again", async () => {
      const { host } = await newHost("killed");
      const shell = await reach(shells, host);
      await shell.close();
      const groups = ["/sys/fs/cgroup/unified/creel", "/sys/fs/cgroup/creel"].filter((path) => existsSync(path));
      const top = groups[0] ?? "";
      const keepers = await Promise.all(
        (await readdir(top, { withFileTypes: true }))
          .filter((entry) => entry.isDirectory())
          .map(async ({ name }) => ({ name, pids: await readFile(join(top, name, "keeper", "cgroup.procs"), "utf8") })),
      );
      for (const { name, pids } of keepers) {
        const pid = pids.trim().split("\n")[0] ?? "";
        const argv = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
        if (argv.includes(host.name)) await writeFile(join(top, name, "cgroup.kill"), "1");
      }
      await until(async () => (await provider.find(host.name))?.state === "stopped");
      await provider.start(host.name);
      await (await reach(shells, host)).close();
      await provider.destroy(host.name);
    });
  });
});

describe.skipIf(!canRunHosts())("a build that is killed", () => {
  it("leaves no temporary files outside its own folder", async () => {
    const directory = await mkdtemp(join(tmpdir(), "creel-killed-build-"));
    const outside = join(directory, "tmp");
    await mkdir(outside);
    const script = `
      import { createLocalSnapshots } from ${JSON.stringify(new URL("../../services/provider/local/snapshots.ts", import.meta.url).href)};
      await createLocalSnapshots({ cacheDir: process.argv[1] }).build(() => undefined, new AbortController().signal);`;
    const cacheDir = join(directory, "cache");
    const argv = ["--input-type=module", "--eval", script, cacheDir];
    const builder = spawn(process.execPath, argv, { stdio: "ignore", env: { ...process.env, TMPDIR: outside } });
    const ended = once(builder, "exit");
    try {
      const log = async () => {
        const building = (await readdir(cacheDir).catch(() => [])).find((name) => name.startsWith("building-"));
        return await readFile(join(cacheDir, building ?? "", "build.log"), "utf8").catch(() => "");
      };
      await until(async () => (await log()).includes("running apt-get update"));
    } finally {
      builder.kill("SIGKILL");
      await ended;
    }
    expect(await readdir(outside)).toEqual([]);
    await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
});

async function reach(shells: HostShells, host: Host): Promise<HostShell> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await shells.connect(host);
    } catch (error) {
      if (asOpsError(error).retry !== "later" || Date.now() > deadline) throw error;
      await delay(50);
    }
  }
}

/** A shell of a later boot than the one that `before` was read in. */
async function reachAgain(shells: HostShells, host: Host, before: string): Promise<HostShell> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      const shell = await reach(shells, host);
      if ((await shell.check(["cat", "/proc/sys/kernel/random/boot_id", "/proc/1/stat"])) !== before) return shell;
      await shell.close();
    } catch (error) {
      if (asOpsError(error).retry !== "later" || Date.now() > deadline) throw error;
    }
    await delay(50);
  }
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("It did not become true in time.");
    await delay(50);
  }
}

/** Everything an HTTP client gets; empty when the connection is refused or reset. */
function whatComesBack(address: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    const socket = connect(port, address, () => socket.write("GET /healthz HTTP/1.0\r\n\r\n"));
    socket.setTimeout(5000, () => socket.destroy(new Error("silence")));
    socket.on("data", (chunk) => {
      text += chunk.toString();
    });
    socket.on("error", (error) => {
      text += error.message === "silence" ? "silence instead of a refusal" : "";
    });
    socket.on("close", () => resolve(text));
  });
}
