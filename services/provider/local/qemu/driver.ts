import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { OpsError } from "../../../../src/core/errors.ts";
import { runChild } from "../child.ts";
import type { LocalDriver } from "../driver.ts";
import { requireTools } from "../machine.ts";
import type { HostRecord } from "../record.ts";
import { kvmWorks } from "./accelerator.ts";
import { machineArgv } from "./argv.ts";
import { type MachineDisk, machineDisk } from "./machine-disk.ts";
import { findMachine, killMachine } from "./machine-process.ts";
import { freePortPair, isPairFree, portsInUse } from "./ports.ts";
import { writeSeed } from "./seed.ts";

export interface QemuOptions {
  /** Where the verdict on KVM is kept. */
  readonly stateDir: string;
  readonly internet: boolean;
  readonly gatewayPort: number;
}

const TOOLS = ["qemu-system-x86_64", "qemu-img", "genisoimage", "mke2fs", "flock"];

/** Hosts as full virtual machines with user-mode networking: no root at run time, and a real boundary. */
export function createQemuDriver({ stateDir, internet, gatewayPort }: QemuOptions): LocalDriver {
  async function boot(record: HostRecord, folder: string, signal: AbortSignal): Promise<void> {
    const { place } = record;
    if (place.driver !== "qemu") {
      throw new OpsError({ code: "internal", userMessage: `The host ${record.name} is not a virtual machine.` });
    }
    await killMachine(folder);
    const base = await machineDisk(record.snapshot, signal);
    const kvm = await kvmWorks(stateDir, base.kernel, signal);
    await prepareDisks(record, folder, base, signal);
    if (!(await isPairFree(place.sshPort))) throw portsInUse();
    const argv = machineArgv(record, folder, base, { kvm, internet, gatewayPort, sshPort: place.sshPort });
    // With -daemonize it returns when the machine runs; an abort in between could leave it unnamed, so there is none.
    const { exitCode, output } = await runChild(argv);
    if (exitCode === 0) return;
    if (!(await isPairFree(place.sshPort))) throw portsInUse();
    throw failed(record, output);
  }

  return {
    requireTools: (signal) => requireTools(TOOLS, signal),
    async findPlace(others) {
      const taken = others.flatMap(({ place }) => (place.driver === "qemu" ? [place.sshPort, place.sshPort + 1] : []));
      return { driver: "qemu", sshPort: await freePortPair(new Set(taken)) };
    },
    boot,
    halt: (_record, folder) => killMachine(folder),
    isRunning: async (_record, folder) => (await findMachine(folder)) !== null,
    repairSurroundings: async () => undefined,
    release: async () => undefined,
    diagnose: async () => [],
    address: (place) => ({ address: "127.0.0.1", sshPort: place.driver === "qemu" ? place.sshPort : 22 }),
    // Only the gateway's own port is forwarded; what answers there is what the host lets out.
    outsideView: (host) => ({ address: "127.0.0.1", port: host.sshPort + 1 }),
  };
}

/** The seed first: a host whose disk exists never asks for it again under another identity. */
async function prepareDisks(record: HostRecord, folder: string, base: MachineDisk, signal: AbortSignal): Promise<void> {
  const disk = join(folder, "disk.qcow2");
  if (existsSync(disk)) return;
  await writeSeed(record, folder, join(folder, "seed.iso"), signal);
  const argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", base.disk, "-F", "qcow2", `${disk}.new`] as const;
  const { exitCode, output } = await runChild([...argv, `${record.diskGb}G`], { signal });
  if (exitCode !== 0) throw failed(record, output);
  await rename(`${disk}.new`, disk);
}

function failed(record: HostRecord, output: string): OpsError {
  return new OpsError({
    code: "provider-failed",
    userMessage: `The virtual machine ${record.name} could not be started.`,
    evidence: output.trimEnd().split("\n").slice(-10),
  });
}
