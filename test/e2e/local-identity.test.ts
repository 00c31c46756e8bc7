import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { kernelId } from "../../services/provider/local/identity.ts";
import { installationOf } from "../../services/provider/local/installation.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { asOpsError } from "../../src/core/errors.ts";
import type { Host } from "../../src/core/host.ts";
import { specFor } from "../contract/host-spec.ts";
import { canRunHosts } from "./creel.ts";
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

describe.runIf(canRunHosts() && DRIVER === "nspawn")("which local host is which", () => {
  const local = useLocalHosts();

  it("is the same host wherever its state folder goes, and is never run a second time from a copy", async () => {
    const parent = await mkdtemp(join(tmpdir(), "creel-where-"));
    const [first, moved, alias, copy] = ["first", "moved", "alias", "copy"].map((name) => join(parent, name));
    if (!(first && moved && alias && copy)) throw new Error("There are four paths.");
    await mkdir(first);
    const at = (folder: string, subnet = local.subnet) =>
      createLocalProvider({
        stateDir: folder,
        cacheDir: join(parent, "no-cache"),
        driver: DRIVER,
        subnet,
        internet: false,
      });
    const elsewhere = await freeSubnet();
    const before = kernelTraces();
    try {
      const maker = await makeProvider(first, local.subnet);
      const spec = await specFor(maker, "wander", { authorizedKey: await local.shells.authorizedKey() });
      const host = await maker.create(spec, never);
      await (await reach(local.shells, host)).close();
      expect(await modesOf(first, ["hosts", "images", join("hosts", host.name)])).toEqual([0o700, 0o700, 0o700]);
      // The private host key that user-data carried is on the host, and nowhere beside it.
      expect(await readFile(join(first, "hosts", host.name, "host.json"), "utf8")).not.toContain("PRIVATE KEY");
      await rename(first, moved);
      await symlink(moved, alias);
      // Also when the settings have changed meanwhile, and without a cache.
      for (const provider of [at(moved), at(alias), at(moved, elsewhere)]) {
        expect(await provider.find(host.name)).toEqual(host);
        expect(await provider.list()).toEqual([host]);
        await provider.start(host.name);
        expect((await readFile(join(moved, "hosts", host.name, "host.json"), "utf8")).includes(host.address)).toBe(
          true,
        );
      }
      const shell = await reach(local.shells, host);
      // Another boot in the moved folder, with the address it had.
      const boot = await bootOf(shell);
      await shell.run(["systemctl", "reboot"]).catch(asOpsError);
      await shell.close();
      await (await reachAgain(local.shells, host, boot)).close();

      execFileSync("cp", ["-a", moved, copy]);
      const copied = at(copy);
      const refusal = {
        code: "wrong-state",
        userMessage: expect.stringContaining(moved),
        hint: expect.stringContaining(moved),
      };
      await expect(copied.find(host.name)).rejects.toMatchObject(refusal);
      await expect(copied.start(host.name)).rejects.toMatchObject(refusal);
      await expect(copied.create(spec, never)).rejects.toMatchObject(refusal);
      await expect(copied.destroy(host.name)).rejects.toMatchObject(refusal);
      expect(await copied.list()).toEqual([]);
      expect((await copied.diagnose()).filter(({ seen }) => seen.includes(moved))).toMatchObject([
        { verdict: "problem" },
      ]);
      await (await reach(local.shells, host)).close();
      // Its keeper killed: what it left behind still says from where the host runs.
      process.kill(await keeperOf(moved, host), "SIGKILL");
      await expect(copied.destroy(host.name)).rejects.toMatchObject(refusal);
      await (await reach(local.shells, host)).close();

      // The original goes: the copy is all there is, and takes the running host over.
      // What still runs in it writes meanwhile.
      await rm(moved, { recursive: true, maxRetries: 20, retryDelay: 100 });
      expect(await copied.find(host.name)).toEqual(host);
      // Even its record may be lost: what runs is not forgotten.
      await rm(join(copy, "hosts", host.name), { recursive: true });
      expect(await copied.find(host.name)).toBeNull();
      expect((await copied.diagnose()).filter(({ seen }) => seen.includes(host.name))).toMatchObject([
        {
          verdict: "problem",
          seen: expect.stringContaining("was deleted"),
          fix: expect.stringContaining("cgroup.kill"),
        },
      ]);
      await copied.destroy(host.name);
      expect(kernelTraces()).toEqual(before);
    } finally {
      for (const folder of [first, moved, copy]) {
        if (existsSync(folder)) for (const { name } of await at(folder).list()) await at(folder).destroy(name);
      }
      await rm(parent, { recursive: true, force: true });
    }
  });

  it("finds a host of a Creel that named it after its folder, and keeps it in order", async () => {
    const { host } = await local.newHost("older");
    await (await reach(local.shells, host)).close();
    const file = join(local.stateDir, "hosts", host.name, "host.json");
    const { installation, internet, gatewayPort, containerImage, image, ...older } = JSON.parse(
      await readFile(file, "utf8"),
    );
    const status = await local.provider.images.status();
    const cached = status.all.find(({ createdAtMs }) => createdAtMs === status.current?.createdAtMs);
    expect([typeof installation, internet, gatewayPort, existsSync(join(local.stateDir, "images", image))]).toEqual([
      "string",
      false,
      18_789,
      true,
    ]);
    await writeFile(
      file,
      JSON.stringify({ ...older, snapshot: cached && "directory" in cached ? cached.directory : "" }),
    );
    expect(await local.provider.find(host.name)).toEqual(host);
    await local.provider.start(host.name);
    const whole = JSON.parse(await readFile(file, "utf8"));
    expect(whole).toEqual({ ...older, image, installation: null, internet, gatewayPort, containerImage });
    expect(await local.provider.find(host.name)).toEqual(host);
    const before = kernelTraces();
    await local.provider.destroy(host.name);
    expect(kernelTraces().length).toBeLessThan(before.length);
    expect(await local.provider.find(host.name)).toBeNull();
  });

  it("ends as a whole when its systemd-nspawn is killed, and is started again", async () => {
    const { host } = await local.newHost("orphan");
    await (await reach(local.shells, host)).close();
    const keeper = await keeperOf(local.stateDir, host);
    const children = (await readFile(`/proc/${keeper}/task/${keeper}/children`, "utf8")).trim().split(" ").map(Number);
    const names = await Promise.all(children.map((pid) => readFile(`/proc/${pid}/comm`, "utf8")));
    const nspawn = children[names.findIndex((name) => name.startsWith("systemd-nspawn"))];
    process.kill(nspawn ?? 0, "SIGKILL");
    await until(async () => (await local.provider.find(host.name))?.state === "stopped");
    await local.provider.start(host.name);
    await (await reach(local.shells, host)).close();
    await local.provider.destroy(host.name);
  });

  it("shows a host whose processes were killed as stopped, and starts it again", async () => {
    const { host } = await local.newHost("killed");
    const shell = await reach(local.shells, host);
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
    await until(async () => (await local.provider.find(host.name))?.state === "stopped");
    await local.provider.start(host.name);
    await (await reach(local.shells, host)).close();
    await local.provider.destroy(host.name);
  });
});

/** The process that keeps an nspawn host running. */
async function keeperOf(folder: string, { name }: Host): Promise<number> {
  const id = kernelId(installationOf(folder).id, name);
  const groups = ["/sys/fs/cgroup/unified/creel", "/sys/fs/cgroup/creel"].map((top) => join(top, id, "keeper"));
  const group = groups.find((path) => existsSync(path)) ?? "";
  return Number.parseInt(await readFile(join(group, "cgroup.procs"), "utf8"), 10);
}

/** What hosts leave outside of their folders while they run: control groups with something in them, and network namespaces. */
function kernelTraces(): string[] {
  const parents = ["/sys/fs/cgroup/unified/creel", "/sys/fs/cgroup/creel", "/run/netns"];
  return parents
    .flatMap((path) => (existsSync(path) ? readdirSync(path, { withFileTypes: true }) : []))
    .filter((entry) => entry.isDirectory() || entry.parentPath === "/run/netns")
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}

async function modesOf(folder: string, names: readonly string[]): Promise<number[]> {
  return await Promise.all(names.map(async (name) => (await stat(join(folder, name))).mode & 0o777));
}
