import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { OpsError } from "../../../../src/core/errors.ts";
import { runChild } from "../child.ts";
import type { Boot, LocalDriver } from "../driver.ts";
import { requireTools } from "../machine.ts";
import type { HostRecord } from "../record.ts";
import { kvmWorks } from "./accelerator.ts";
import { type Forward, machineArgv } from "./argv.ts";
import { machineDisk } from "./machine-disk.ts";
import { killMachine, runningMachines, whereabouts } from "./machine-process.ts";
import { freePortPair, isPairFree, portsInUse } from "./ports.ts";
import { writeSeed } from "./seed.ts";

export interface QemuOptions {
  /** Where the verdict on KVM is kept. */
  readonly stateDir: string;
}

const TOOLS = ["qemu-system-x86_64", "qemu-img", "genisoimage", "mke2fs", "flock"];

/** Hosts as full virtual machines with user-mode networking: no root at run time, and a real boundary. */
export function createQemuDriver({ stateDir }: QemuOptions): LocalDriver {
  async function boot(host: Boot, signal: AbortSignal): Promise<void> {
    const { record, identity, image, internet } = host;
    const { folder } = identity;
    const { place } = record;
    if (place.driver !== "qemu") {
      throw new OpsError({ code: "internal", userMessage: `The host ${record.name} is not a virtual machine.` });
    }
    await killMachine(identity);
    const base = machineDisk(image);
    const kvm = await kvmWorks(stateDir, base.kernel, signal);
    await prepareDisks(host, base.disk, signal);
    if (!(await isPairFree(place.sshPort))) throw portsInUse();
    const argv = machineArgv(record, folder, base, { kvm, internet, forwards: forwards(record) });
    // With -daemonize it returns when the machine runs; an abort in between could leave it unnamed, so there is none.
    const { exitCode, output } = await runChild(argv);
    if (exitCode === 0) return;
    if (!(await isPairFree(place.sshPort))) throw portsInUse();
    throw failed(record, output);
  }

  return {
    name: "qemu",
    part: "vm",
    requireTools: (signal) => requireTools(TOOLS, signal),
    async findPlace(others) {
      const taken = others.flatMap(({ place }) => (place.driver === "qemu" ? [place.sshPort, place.sshPort + 1] : []));
      return { driver: "qemu", sshPort: await freePortPair(new Set(taken)) };
    },
    boot,
    halt: killMachine,
    whereabouts,
    running: runningMachines,
    sizes: async () => ({
      verdict: "ok",
      seen: "Under qemu a size limits the processors, the memory and the disk.",
      fix: null,
    }),
    // Nothing inside hears of a wish from here.
    powerOff: killMachine,
    repairSurroundings: async () => undefined,
    async setOpenings({ record }, openings) {
      if (!isDeepStrictEqual(record.openings, openings)) throw fixedWhileRunning(record);
    },
    release: async () => undefined,
    diagnose: async () => [],
    address: (place) => ({ address: "127.0.0.1", sshPort: place.driver === "qemu" ? place.sshPort : 22 }),
    outsideViews: (record, port) =>
      forwards(record).flatMap((forward) =>
        forward.inside === port ? [{ address: "127.0.0.1", port: forward.outside }] : [],
      ),
  };
}

/** The seed first: a host whose disk exists never asks for it again under another identity. */
async function prepareDisks({ record, identity }: Boot, base: string, signal: AbortSignal): Promise<void> {
  const { folder } = identity;
  const disk = join(folder, "disk.qcow2");
  // Seen from the disk, so that it is found wherever the state folder goes.
  const backing = ["-b", relative(folder, base), "-F", "qcow2"] as const;
  const isNew = !existsSync(disk);
  if (isNew) await writeSeed(record, folder, join(folder, "seed.iso"), signal);
  const { exitCode, output } = await runChild(
    isNew
      ? ["qemu-img", "create", "-q", "-f", "qcow2", ...backing, `${disk}.new`, `${record.diskGb}G`]
      : ["qemu-img", "rebase", "-u", "-f", "qcow2", ...backing, disk],
    { signal },
  );
  if (exitCode !== 0) throw failed(record, output);
  if (isNew) await rename(`${disk}.new`, disk);
}

/**
 * The machine's ports that this one's loopback leads to, as long as the host is open for whoever is there: nothing else comes in. What answers is
 * what the host lets out.
 */
function forwards({ place, gatewayPort, openings }: HostRecord): readonly Forward[] {
  if (place.driver !== "qemu") return [];
  const loopback = new Set(
    openings.flatMap(({ protocol, port, from }) => (protocol === "tcp" && from.some(isFromHere) ? [port] : [])),
  );
  return [
    { inside: 22, outside: place.sshPort },
    { inside: gatewayPort ?? 18_789, outside: place.sshPort + 1 },
  ].filter(({ inside }) => loopback.has(inside));
}

function isFromHere(network: string): boolean {
  return network === "0.0.0.0/0" || network.startsWith("127.");
}

function fixedWhileRunning({ name }: HostRecord): OpsError {
  return new OpsError({
    code: "wrong-state",
    userMessage: `What may come in to ${name}, a virtual machine of qemu, can be changed only while it is off.`,
  });
}

function failed(record: HostRecord, output: string): OpsError {
  return new OpsError({
    code: "provider-failed",
    userMessage: `The virtual machine ${record.name} could not be started.`,
    evidence: output.trimEnd().split("\n").slice(-10),
  });
}
