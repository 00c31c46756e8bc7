import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, open, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runChild } from "../../../../services/provider/local/child.ts";
import { linesOf, tailOf } from "../../../../services/provider/local/console.ts";
import { requireSpace, requireTools } from "../../../../services/provider/local/machine.ts";
import { firewallRules } from "../../../../services/provider/local/nspawn/firewall.ts";
import { addressesOf, freeIndex } from "../../../../services/provider/local/nspawn/network.ts";
import { createQemuDriver } from "../../../../services/provider/local/qemu/driver.ts";
import {
  findMachine,
  killMachine,
  machineName,
  pidFile,
  whereabouts,
} from "../../../../services/provider/local/qemu/machine-process.ts";
import { freePortPair, isPairFree } from "../../../../services/provider/local/qemu/ports.ts";
import { fingerprintOf, recipeFor } from "../../../../services/provider/local/recipe.ts";
import { parseHostName } from "../../../../src/core/names.ts";
import { recordOf } from "./record-of.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "creel-parts-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("addresses", () => {
  it("are valid, inside the range and different for every host", () => {
    const index = fc.integer({ min: 0, max: 16_383 });
    fc.assert(
      fc.property(index, index, (a, b) => {
        const first = addressesOf("10.99", a);
        const second = addressesOf("10.99", b);
        for (const address of Object.values(first)) {
          expect(address).toMatch(/^10\.99\.\d+\.\d+$/);
          expect(address.split(".").every((part) => Number(part) <= 255)).toBe(true);
        }
        expect(first.theirs === second.theirs).toBe(a === b);
      }),
    );
  });

  it("are the lowest free ones, and run out with a clear error", () => {
    expect(freeIndex("10.199", new Set([0, 1, 3]))).toBe(2);
    const all = new Set(Array.from({ length: 16_384 }, (_, index) => index));
    expect(() => freeIndex("10.199", all)).toThrow(expect.objectContaining({ code: "capacity" }));
  });
});

describe("ports", () => {
  it("come in pairs that nobody listens on", async () => {
    const port = await freePortPair(new Set());
    expect(await isPairFree(port)).toBe(true);
    const server = createServer().listen(port + 1, "127.0.0.1");
    await once(server, "listening");
    expect(await isPairFree(port)).toBe(false);
    server.close();
  });
});

describe("a virtual machine's process", () => {
  const name = parseHostName("ada-000001");
  const makeFolder = () => mkdtemp(join(directory, "host-"));

  /** A process that has qemu's arguments and, as qemu does, keeps the file with its pid open. */
  async function startMachine(folder: string): Promise<ChildProcess> {
    const file = await open(pidFile(folder), "w");
    const argv = ["-c", "sleep 60 & wait", "qemu", "-name", machineName(name), "-pidfile", pidFile(folder)];
    const machine = spawn("sh", argv, { stdio: ["ignore", "ignore", "ignore", file.fd] });
    await once(machine, "spawn");
    await file.writeFile(`${machine.pid}\n`);
    await file.close();
    return machine;
  }

  it("is never mistaken for another one that has got its pid", async () => {
    const folder = await makeFolder();
    const stranger = spawn("sleep", ["60"]);
    await once(stranger, "spawn");
    await writeFile(pidFile(folder), `${stranger.pid}\n`);
    const identity = { name: parseHostName("eve-000001"), installation: null, folder };
    expect(await whereabouts(identity)).toEqual({ running: false });
    await killMachine(identity);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    stranger.kill("SIGKILL");
  });

  it("is found and killed wherever its folder is, and not from a copy of it", async () => {
    const folder = await makeFolder();
    const machine = await startMachine(folder);
    const ended = once(machine, "exit");
    const at = (path: string) => ({ name, installation: null, folder: path });
    const here = { running: true, elsewhere: null };
    expect(await whereabouts(at(folder))).toEqual(here);
    const moved = `${folder}-moved`;
    await rename(folder, moved);
    await symlink(moved, folder);
    expect(await whereabouts(at(moved))).toEqual(here);
    expect(await whereabouts(at(folder))).toEqual(here);
    const copy = `${folder}-copy`;
    await cp(moved, copy, { recursive: true });
    expect(await whereabouts(at(copy))).toEqual({ running: true, elsewhere: moved });
    // The original has been deleted while it ran: the copy is all there is.
    await rm(moved, { recursive: true });
    expect(await whereabouts(at(copy))).toEqual(here);
    expect(await findMachine(at(`${folder}-lost`))).toMatchObject({ pid: machine.pid });
    await killMachine(at(`${folder}-lost`));
    await ended;
    expect(await whereabouts(at(copy))).toEqual({ running: false });
  });
});

describe("the console", () => {
  it("loses escape sequences and empty lines", () => {
    expect(linesOf("\u001b[32m  OK \u001b[0m Started\r\n\r\n10%\r100%\nlast")).toEqual([
      "  OK  Started",
      "100%",
      "last",
    ]);
  });

  it("is read from its end, however long it is", async () => {
    const file = join(directory, "console.log");
    await writeFile(file, Array.from({ length: 20_000 }, (_, line) => `line ${line}\n`).join(""));
    expect(await tailOf(file, 2)).toEqual(["line 19998", "line 19999"]);
    expect(await tailOf(join(directory, "none"), 2)).toEqual([]);
  });
});

describe("the fingerprint of an image", () => {
  const of = (fields: Partial<Parameters<typeof recipeFor>[0]>) =>
    fingerprintOf(recipeFor({ cacheDir: "/a", ...fields }));

  it("changes with what goes in and with nothing else", () => {
    expect(of({})).toMatch(/^[0-9a-f]{16}$/);
    expect(of({ cacheDir: "/b" })).toBe(of({}));
    expect(of({ openclawVersion: "2026.9.7" })).not.toBe(of({}));
    expect(of({ containerImage: { pull: "ghcr.io/x/y@sha256:00" } })).not.toBe(of({}));
    expect(of({ mirror: "http://mirror.example/debian" })).not.toBe(of({}));
  });
});

describe("a child process", () => {
  it("dies with everything it started when it is stopped", async () => {
    const abort = new AbortController();
    const file = join(directory, "pids");
    const running = runChild(["sh", "-c", `sh -c 'echo $$; echo ready >&2; sleep 60' & wait`], {
      signal: abort.signal,
      logFile: file,
    });
    const { readFile } = await import("node:fs/promises");
    await expect.poll(() => readFile(file, "utf8").catch(() => "")).toContain("ready");
    const grandchild = Number.parseInt(await readFile(file, "utf8"), 10);
    abort.abort();
    await expect(running).rejects.toMatchObject({ code: "cancelled" });
    await expect.poll(() => readFile(`/proc/${grandchild}/stat`, "utf8").catch(() => "gone")).toMatch(/gone|\) Z /);
  });

  it("that is not installed is named, with the package that has it", async () => {
    await expect(runChild(["no-such-program-here"])).rejects.toMatchObject({ code: "tool-missing" });
    await expect(requireTools(["sh", "no-such-program-here"])).rejects.toMatchObject({
      code: "tool-missing",
      hint: expect.stringContaining("no-such-program-here"),
    });
  });
});

it("says how much room is missing", async () => {
  await expect(requireSpace(directory, 2 ** 60, "The test")).rejects.toMatchObject({ code: "capacity" });
  await requireSpace(directory, 1, "The test");
});

describe("what may come in to a host", () => {
  it("is in this machine's firewall, by who and to which port, for its interface alone", () => {
    const rules = firewallRules("creel_0123456789ab", "cl10-99-5", [
      { protocol: "tcp", port: 22, from: ["0.0.0.0/0", "2001:db8::/32"] },
      { protocol: "udp", port: 53, from: [] },
    ]);
    expect(rules.match(/.* dport .*/g)?.map((line) => line.trim())).toEqual([
      "ip saddr 0.0.0.0/0 tcp dport 22 accept",
      "ip6 saddr 2001:db8::/32 tcp dport 22 accept",
    ]);
    expect(rules.match(/hook \w+/g)).toEqual(["hook output", "hook forward"]);
    expect(rules.match(/oifname "[^"]+"/g)).toEqual(['oifname "cl10-99-5"', 'oifname "cl10-99-5"']);
  });

  it("gets to a virtual machine by the ports that this machine's loopback forwards, and by none else", async () => {
    const driver = createQemuDriver({ stateDir: "/nowhere" });
    const record = recordOf("ada-000001");
    const at = (port: number) => [{ address: "127.0.0.1", port }];
    expect(driver.outsideViews(record, 22)).toEqual(at(22_222));
    expect(driver.outsideViews(record, 18_789)).toEqual([]);
    const open = { ...record, openings: [{ protocol: "tcp" as const, port: 18_789, from: ["127.0.0.0/8"] }] };
    expect([driver.outsideViews(open, 22), driver.outsideViews(open, 18_789)]).toEqual([[], at(22_223)]);
    const identity = { name: record.name, installation: null, folder: "/nowhere" };
    await driver.setOpenings({ record, identity }, record.openings);
    await expect(driver.setOpenings({ record, identity }, [])).rejects.toMatchObject({ code: "wrong-state" });
  });
});
