import { join } from "node:path";
import type { HostRecord } from "../record.ts";
import type { MachineDisk } from "./machine-disk.ts";
import { machineName, pidFile } from "./machine-process.ts";

export interface MachineOptions {
  readonly kvm: boolean;
  readonly internet: boolean;
  readonly forwards: readonly Forward[];
}

/** A port of this machine's loopback that leads to one of the virtual machine. */
export interface Forward {
  readonly inside: number;
  readonly outside: number;
}

/**
 * An emulated machine's clock counts instructions (a nanosecond each), so it goes up to ten times slower while the machine works: what
 * times out inside of it does so after the same work as on a real one. OpenClaw ends when one of its threads takes more than 5 s
 * to start, which under emulation it does by the clock on the wall. Copying by `rep movsb` is a loop over single bytes here.
 */
const EMULATED = [
  ...["-accel", "tcg,thread=single,tb-size=512", "-icount", "shift=0,sleep=on"],
  ...["-cpu", "max,-erms,-fsrm"],
];
/** Nothing is speculated, so there is nothing to guard at each system call; and no second clock to doubt the first one by. */
const EMULATED_KERNEL = " mitigations=off tsc=reliable";

/** qemu's arguments. Pure; paths must not contain commas, which qemu's options are separated by. */
export function machineArgv(
  record: HostRecord,
  folder: string,
  base: MachineDisk,
  options: MachineOptions,
): [string, ...string[]] {
  const { kvm, internet, forwards } = options;
  const network = [
    "user,id=net0",
    internet ? "restrict=off" : "restrict=on",
    ...forwards.map(({ inside, outside }) => `hostfwd=tcp:127.0.0.1:${outside}-:${inside}`),
  ];
  return [
    "qemu-system-x86_64",
    ...["-name", machineName(record.name), "-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35"],
    ...(kvm ? ["-accel", "kvm", "-cpu", "host"] : EMULATED),
    ...["-smp", String(record.cpus), "-m", String(record.memoryMb)],
    ...["-kernel", base.kernel, "-initrd", base.initrd],
    // A disk named by its label would need udev in the initrd.
    ...["-append", `root=/dev/vda rw console=ttyS0 quiet net.ifnames=0${kvm ? "" : EMULATED_KERNEL}`],
    ...["-drive", `if=virtio,file=${join(folder, "disk.qcow2")},format=qcow2,discard=unmap`],
    ...["-drive", `if=virtio,file=${join(folder, "seed.iso")},format=raw,readonly=on`],
    ...["-netdev", network.join(","), "-device", "virtio-net-pci,netdev=net0", "-device", "virtio-rng-pci"],
    ...["-serial", `file:${join(folder, "console.log")}`],
    ...["-pidfile", pidFile(folder), "-daemonize"],
  ];
}
