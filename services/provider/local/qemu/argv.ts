import { join } from "node:path";
import type { HostRecord } from "../record.ts";
import type { MachineDisk } from "./machine-disk.ts";
import { pidFile } from "./machine-process.ts";

export interface MachineOptions {
  readonly kvm: boolean;
  readonly internet: boolean;
  readonly sshPort: number;
  readonly gatewayPort: number;
}

/** qemu's arguments. Pure; paths must not contain commas, which qemu's options are separated by. */
export function machineArgv(
  record: HostRecord,
  folder: string,
  base: MachineDisk,
  options: MachineOptions,
): [string, ...string[]] {
  const { kvm, internet, sshPort, gatewayPort } = options;
  const network = [
    "user,id=net0",
    internet ? "restrict=off" : "restrict=on",
    `hostfwd=tcp:127.0.0.1:${sshPort}-:22`,
    `hostfwd=tcp:127.0.0.1:${sshPort + 1}-:${gatewayPort}`,
  ];
  return [
    "qemu-system-x86_64",
    ...["-name", `creel-${record.name}`, "-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35"],
    ...(kvm ? ["-accel", "kvm", "-cpu", "host"] : ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"]),
    ...["-smp", String(record.cpus), "-m", String(record.memoryMb)],
    ...["-kernel", base.kernel, "-initrd", base.initrd],
    // A disk named by its label would need udev in the initrd.
    ...["-append", "root=/dev/vda rw console=ttyS0 quiet net.ifnames=0"],
    ...["-drive", `if=virtio,file=${join(folder, "disk.qcow2")},format=qcow2,discard=unmap`],
    ...["-drive", `if=virtio,file=${join(folder, "seed.iso")},format=raw,readonly=on`],
    ...["-netdev", network.join(","), "-device", "virtio-net-pci,netdev=net0", "-device", "virtio-rng-pci"],
    ...["-serial", `file:${join(folder, "console.log")}`],
    ...["-pidfile", pidFile(folder), "-daemonize"],
  ];
}
