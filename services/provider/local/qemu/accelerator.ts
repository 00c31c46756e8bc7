import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { release } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { runChild } from "../child.ts";
import { readJson } from "../json-file.ts";

const PROBE_TIMEOUT_MS = 20_000;
const verdict = z.object({ kernel: z.string(), works: z.boolean() });

/**
 * Whether this machine can run a guest under KVM. A device that opens proves nothing (nested kernels die at the guest's first
 * instruction), so a kernel is booted until it panics for want of a disk. The verdict is kept in `stateDir` per kernel release.
 */
export async function kvmWorks(stateDir: string, kernel: string, signal: AbortSignal): Promise<boolean> {
  if (!existsSync("/dev/kvm")) return false;
  const file = join(stateDir, "kvm.json");
  const known = verdict.safeParse(await readJson(file)).data;
  if (known?.kernel === release()) return known.works;
  const works = await probe(stateDir, kernel, signal);
  await writeFile(file, JSON.stringify({ kernel: release(), works }));
  return works;
}

async function probe(stateDir: string, kernel: string, signal: AbortSignal): Promise<boolean> {
  await mkdir(stateDir, { recursive: true });
  const directory = await mkdtemp(join(stateDir, "kvm-probe-"));
  const serial = join(directory, "serial");
  const argv = [
    ...["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35"],
    ...["-accel", "kvm", "-cpu", "host", "-m", "256", "-no-reboot", "-serial", `file:${serial}`],
    ...["-kernel", kernel, "-append", "console=ttyS0 panic=-1"],
  ] as const;
  const limit = AbortSignal.timeout(PROBE_TIMEOUT_MS);
  try {
    const { exitCode } = await runChild([...argv] as [string, ...string[]], {
      signal: AbortSignal.any([signal, limit]),
    });
    // The guest's own words: it came as far as looking for a root file system.
    return exitCode === 0 && (await readFile(serial, "utf8")).includes("Kernel panic");
  } catch (error) {
    if (limit.aborted && !signal.aborted) return false;
    throw error;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
