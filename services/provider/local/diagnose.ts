import { stat } from "node:fs/promises";
import { asOpsError } from "../../../src/core/errors.ts";
import type { Finding } from "../../../src/core/finding.ts";
import type { Host } from "../../../src/core/host.ts";
import type { DriverName } from "./choose-driver.ts";
import type { LocalDriver } from "./driver.ts";
import type { UnusableEntry } from "./record.ts";
import type { LocalSnapshots } from "./snapshots.ts";

/** What this machine has and lacks for hosts under `driverName`, each thing tried. Never throws an OpsError. */
export async function diagnoseLocal(
  driverName: DriverName,
  /** Throws an OpsError that says what is missing. */
  requirements: (signal: AbortSignal) => Promise<void>,
  snapshots: LocalSnapshots,
): Promise<Finding[]> {
  const signal = new AbortController().signal;
  const tools = await finding("local driver", async () => {
    await requirements(signal);
    return `Hosts run under ${driverName}; everything it needs is installed.`;
  });
  const current = await snapshots.current();
  const builder = await finding("golden image builder", async () => {
    await snapshots.requireBuildTools(signal);
    return "Everything needed to build the golden image is installed.";
  });
  // Whoever has a snapshot can do without the means to build another.
  const softened: Finding =
    current !== null && builder.verdict === "problem" ? { ...builder, verdict: "warning" } : builder;
  return [tools, softened, ...(driverName === "qemu" ? [await accelerator()] : [])];
}

/** Why hosts are missing from lists. */
export function unusableEntry({ path, why }: UnusableEntry): Finding {
  const subject = "local hosts";
  if (why === "not-a-host") {
    const seen = `${path} is not a host's folder.`;
    return { subject, verdict: "problem", seen, fix: `Move ${path} to another place.` };
  }
  return {
    subject,
    verdict: "problem",
    seen: `${path} cannot be read, so Creel leaves its host alone and out of lists.`,
    fix: `Put ${path} back from a copy. Without one, restart this machine, so that the host is off, and delete the folder it is in.`,
  };
}

/** What running hosts lack outside of themselves; empty when nothing. Never throws an OpsError. */
export async function diagnoseSurroundings(driver: LocalDriver, list: () => Promise<Host[]>): Promise<Finding[]> {
  try {
    const running = (await list()).filter(({ state }) => state === "running");
    return await driver.diagnose(running.length);
  } catch (error) {
    return [problem("local hosts", error)];
  }
}

async function accelerator(): Promise<Finding> {
  const device = await stat("/dev/kvm").catch(() => null);
  if (device !== null) {
    return {
      subject: "kvm",
      verdict: "ok",
      seen: "/dev/kvm is there; the first host proves whether it works.",
      fix: null,
    };
  }
  return {
    subject: "kvm",
    verdict: "warning",
    seen: "There is no /dev/kvm: virtual machines are emulated, 10 to 30 times slower.",
    fix: "Switch virtualisation on in the firmware, or use local.driver nspawn as root.",
  };
}

async function finding(subject: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { subject, verdict: "ok", seen: await look(), fix: null };
  } catch (error) {
    return problem(subject, error);
  }
}

function problem(subject: string, error: unknown): Finding {
  const { userMessage, hint } = asOpsError(error);
  return { subject, verdict: "problem", seen: userMessage, fix: hint };
}
