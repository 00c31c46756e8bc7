import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { localDrivers } from "../../services/provider/local/drivers.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { requireCloudConfig } from "../../services/provider/spec.ts";
import { asOpsError } from "../../src/core/errors.ts";
import type { Host } from "../../src/core/host.ts";
import { specFor } from "../contract/host-spec.ts";
import { localDriverContract } from "../contract/local-driver.ts";
import { providerContract } from "../contract/provider.ts";
import { canRunHosts, IMAGES_DIR } from "./creel.ts";
import {
  bootOf,
  DRIVER,
  freeSubnet,
  makeProvider,
  never,
  reach,
  reachAgain,
  until,
  useLocalHosts,
} from "./local-hosts.ts";

/** This machine's own end of the host's network. */
const stranger = {
  from: ({ address }: Host) => address.replace(/\d+$/, (last) => String(Number(last) - 1)),
  getsIn: ({ address }: Host, port: number) =>
    new Promise<boolean>((resolve) => {
      const socket = connect({ host: address, port });
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    }),
};

describe.skipIf(!canRunHosts())("local hosts", () => {
  const local = useLocalHosts();

  providerContract(`local (${DRIVER})`, async () => {
    const directory = await mkdtemp(join(tmpdir(), "creel-contract-"));
    const provider = await makeProvider(directory, await freeSubnet());
    return {
      provider,
      // A virtual machine of qemu keeps what it was switched on with.
      ...(DRIVER === "nspawn" ? { stranger } : {}),
      async dispose() {
        for (const { name } of await provider.list()) await provider.destroy(name);
        await rm(directory, { recursive: true, force: true });
      },
    };
  });

  localDriverContract(DRIVER, async () => {
    const folder = await mkdtemp(join(tmpdir(), "creel-driver-"));
    const subnet = await freeSubnet();
    const provider = await makeProvider(folder, subnet);
    const { current } = await provider.images.status();
    const image = current !== null && "directory" in current ? String(current.directory) : "";
    const driver = await localDrivers({ stateDir: folder, driver: DRIVER, subnet, internet: false }).forNewHosts();
    const dispose = () => rm(folder, { recursive: true, force: true });
    return { driver, image, folder, userData: (name) => `#cloud-config\nhostname: ${name}\n`, dispose };
  });

  it("boots into a verified, hardened system that reboots, powers off and comes back with its disk", async () => {
    const { spec, host } = await local.newHost("whole");
    const shell = await reach(local.shells, host);
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
    // Host keys that an image brings are everybody's: none of them stays.
    const foreign = "/etc/ssh/ssh_host_rsa_key";
    await shell.check(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", foreign]);
    await shell.check(["cloud-init", "single", "--name=ssh", "--frequency=always"]);
    expect((await shell.run(["test", "-e", foreign])).exitCode).toBe(1);
    const images = await shell.check(["podman", "images", "--format", "{{.Repository}}:{{.Tag}} {{.ReadOnly}}"]);
    expect(images).toMatch(/^localhost\/creel\/openclaw:[\d.]+ true$/m);
    const version = await shell.check([
      ...(["podman", "run", "--rm", "--pull=never", "--network=none"] as const),
      ...["localhost/creel/openclaw:2026.9.6", "openclaw", "--version"],
    ]);
    expect(version).toContain("2026.9.6");

    await shell.check(["sh", "-c", "echo kept > /var/lib/kept; sync"]);
    const before = await bootOf(shell);
    await shell.run(["systemctl", "reboot"]).catch(asOpsError);
    await shell.close();
    const rebooted = await reachAgain(local.shells, host, before);
    expect(await rebooted.check(["cat", "/var/lib/kept"])).toBe("kept\n");

    await rebooted.run(["systemctl", "poweroff"]).catch(asOpsError);
    await rebooted.close();
    await until(async () => (await local.provider.find(host.name))?.state === "stopped");
    await local.provider.start(host.name);
    const found = await local.provider.find(host.name);
    expect(found).toMatchObject({ state: "running" });
    const started = await reach(local.shells, found ?? host);
    expect(await started.check(["cat", "/var/lib/kept"])).toBe("kept\n");
    await started.close();
    expect((await local.provider.consoleTail(host.name, 3)).length).toBe(3);
    await local.provider.destroy(host.name);
  });

  it("refuses a probe from outside at once", async () => {
    const { host } = await local.newHost("closed");
    const shell = await reach(local.shells, host);
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
    const views = await local.provider.outsideViews(host, 18_789);
    expect(await Promise.all(views.map(({ address, port }) => whatComesBack(address, port)))).toEqual([""]);
    await shell.close();
    await listener.catch(asOpsError);
    await local.provider.destroy(host.name);
  });

  it("finishes a create that was cut off after the record was written", async () => {
    const { spec, host } = await local.newHost("cut");
    const recordFile = join(local.stateDir, "hosts", host.name, "host.json");
    const record = { ...JSON.parse(await readFile(recordFile, "utf8")), userData: requireCloudConfig(spec) };
    await local.provider.destroy(host.name);
    await mkdir(join(local.stateDir, "hosts", host.name), { recursive: true });
    await writeFile(recordFile, JSON.stringify(record));
    expect(await local.provider.list()).toMatchObject([{ name: host.name, state: "stopped" }]);
    // Another host key comes with the repetition; the one of the record is the one that counts.
    const again = await specFor(local.provider, "cut", { name: spec.name });
    const finished = await local.provider.create(again, never);
    expect(finished).toMatchObject({ state: "running", hostKeyFingerprint: spec.hostKeyFingerprint });
    const shell = await reach(local.shells, finished);
    expect(shell.hostKeyFingerprint).toBe(spec.hostKeyFingerprint);
    await shell.close();
    await local.provider.destroy(host.name);
    expect(await readdir(join(local.stateDir, "hosts"))).toEqual([]);
  });

  it("leaves hosts running when Creel dies, and finds them again", async () => {
    const spec = await specFor(local.provider, "orphan", { authorizedKey: await local.shells.authorizedKey() });
    const script = `
      import { createLocalProvider } from ${JSON.stringify(new URL("../../services/provider/local/local-provider.ts", import.meta.url).href)};
      const [options, spec] = JSON.parse(process.argv[1]);
      await createLocalProvider(options).create(spec, new AbortController().signal);
      process.kill(process.pid, "SIGKILL");`;
    const options = {
      stateDir: local.stateDir,
      cacheDir: IMAGES_DIR,
      driver: DRIVER,
      subnet: local.subnet,
      internet: false,
    };
    const argv = ["--input-type=module", "--eval", script, JSON.stringify([options, spec])];
    expect(spawnSync(process.execPath, argv).signal).toBe("SIGKILL");
    const host = await local.provider.find(spec.name);
    expect(host).toMatchObject({ state: "running" });
    if (host === null) return;
    await (await reach(local.shells, host)).close();
    await local.provider.destroy(spec.name);
  });

  it("says that the disk is full and leaves nothing", async () => {
    const small = await mkdtemp(join(tmpdir(), "creel-full-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small]);
    try {
      await expect(makeProvider(small, local.subnet)).rejects.toMatchObject({ code: "capacity" });
      const cramped = createLocalProvider({
        stateDir: small,
        cacheDir: IMAGES_DIR,
        driver: DRIVER,
        subnet: local.subnet,
      });
      const spec = await specFor(local.provider, "cramped");
      await expect(cramped.create(spec, never)).rejects.toMatchObject({ code: "capacity" });
      expect(await cramped.find(spec.name)).toBeNull();
      expect(await readdir(join(small, "hosts"))).toEqual([]);
      expect(await readdir(join(small, "images"))).toEqual([]);
    } finally {
      execFileSync("umount", [small]);
      await rm(small, { recursive: true });
    }
  });
});

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
