import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { specFor } from "../contract/host-spec.ts";
import { canRunHosts, IMAGES_DIR } from "./creel.ts";
import { DRIVER, freeSubnet, never, useLocalHosts } from "./local-hosts.ts";

const FORWARDING = "/proc/sys/net/ipv4/ip_forward";

describe.runIf(canRunHosts() && DRIVER === "nspawn")("the network of local hosts", () => {
  const local = useLocalHosts();

  it("takes another address when its own is taken, and leaves nothing in the kernel", async () => {
    const links = `cl${local.subnet.replace(".", "-")}-`;
    execFileSync("ip", ["link", "add", `${links}0`, "type", "veth", "peer", "name", `${links}peer`]);
    try {
      const { host } = await local.newHost("moved");
      expect(host.address).toBe(`${local.subnet}.0.6`);
      expect(Object.keys(networkInterfaces())).toContain(`${links}1`);
      await local.provider.destroy(host.name);
    } finally {
      execFileSync("ip", ["link", "delete", `${links}0`]);
    }
    expect(Object.keys(networkInterfaces()).filter((name) => name.startsWith(links))).toEqual([]);
  });

  it("keeps the way to the internet while any state folder's host needs it, and repairs it", async () => {
    const folders = await Promise.all(["one", "two"].map((name) => mkdtemp(join(tmpdir(), `creel-${name}-`))));
    const subnet = await freeSubnet();
    const internet = folders.map((folder) =>
      createLocalProvider({ stateDir: folder, cacheDir: IMAGES_DIR, driver: DRIVER, subnet }),
    );
    const [one, two] = internet;
    if (one === undefined || two === undefined) throw new Error("There are two folders.");
    const tables = () => execFileSync("nft", ["list", "tables"], { encoding: "utf8" });
    const name = `creel_${subnet.replace(".", "_")}`;
    const table = `table ip ${name}\n`;
    const uplink = / dev (\S+)/.exec(execFileSync("ip", ["-4", "route"], { encoding: "utf8" }))?.[1] ?? "";
    const complaints = async () =>
      (await two.diagnose()).filter(({ subject }) => subject === "internet of local hosts");
    const before = tables();
    const forwarding = await readFile(FORWARDING, "utf8");
    await writeFile(FORWARDING, "0");
    try {
      const first = await one.create(await specFor(one, "first"), never);
      const second = await two.create(await specFor(two, "second"), never);
      expect(tables()).toContain(table);
      expect(await forwardingOf(uplink)).toBe("1");
      expect(await readFile(FORWARDING, "utf8")).toBe("0\n");
      await one.destroy(first.name);
      expect(tables()).toContain(table);
      expect(await complaints()).toEqual([]);

      execFileSync("nft", ["delete", "table", "ip", name]);
      expect(await complaints()).toMatchObject([{ verdict: "warning", fix: expect.stringContaining("Restart") }]);
      await two.start(second.name);
      expect(tables()).toContain(table);
      await writeFile(`/proc/sys/net/ipv4/conf/${uplink}/forwarding`, "0");
      expect(await complaints()).toMatchObject([{ verdict: "warning" }]);
      await two.start(second.name);
      expect(await complaints()).toEqual([]);

      const [third] = await Promise.all([one.create(await specFor(one, "third"), never), two.destroy(second.name)]);
      expect(tables()).toContain(table);
      await one.destroy(third.name);
      expect(tables()).toBe(before);
      // Another Creel's hosts on this machine, if there are any, go on needing it.
      expect(await forwardingOf(uplink)).toBe(before.includes("creel_") ? "1" : "0");

      // Somebody else makes this machine a router meanwhile: it stays one.
      const fourth = await one.create(await specFor(one, "fourth"), never);
      await writeFile(FORWARDING, "1");
      await one.destroy(fourth.name);
      expect(await readFile(FORWARDING, "utf8")).toBe("1\n");
      expect(await forwardingOf(uplink)).toBe("1");
    } finally {
      for (const each of internet) for (const { name } of await each.list()) await each.destroy(name);
      await writeFile(FORWARDING, forwarding);
      for (const folder of folders) await rm(folder, { recursive: true, force: true });
    }
  });
});

async function forwardingOf(name: string): Promise<string> {
  return (await readFile(`/proc/sys/net/ipv4/conf/${name}/forwarding`, "utf8")).trim();
}
