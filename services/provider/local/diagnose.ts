import { stat } from "node:fs/promises";
import { type Finding, look, ok, problem, warning } from "../../../src/core/finding.ts";
import type { LocalImages } from "./cached-images.ts";
import type { LocalDriver } from "./driver.ts";
import type { UnusableEntry } from "./record.ts";
import { isIn, type RunningHost } from "./running.ts";

interface Means {
  /** Throws an OpsError that says what is missing. */
  readonly requirements: (signal: AbortSignal) => Promise<void>;
  readonly images: LocalImages;
}

/** What this machine has and lacks for new hosts, each thing tried. Never throws an OpsError. */
export async function diagnoseLocal(
  driver: Pick<LocalDriver, "name" | "sizes">,
  { requirements, images }: Means,
): Promise<Finding[]> {
  const signal = new AbortController().signal;
  const tools = await look("local driver", async () => {
    await requirements(signal);
    return ok("local driver", `Hosts run under ${driver.name}; everything it needs is installed.`);
  });
  const subject = "sizes of local hosts";
  const sizes = await look(subject, async () => ({ subject, ...(await driver.sizes()) }));
  const current = await images.current();
  const builder = await look("golden image builder", async () => {
    await images.requireBuildTools(signal);
    return ok("golden image builder", "Everything needed to build the golden image is installed.");
  });
  // Whoever has an image can do without the means to build another.
  const softened: Finding =
    current !== null && builder.verdict === "problem" ? { ...builder, verdict: "warning" } : builder;
  return [tools, sizes, softened, ...(driver.name === "qemu" ? [await accelerator()] : [])];
}

/** Why hosts are missing from lists. `running`: those that run from this folder of hosts. */
export function unusableEntry(entry: UnusableEntry, running: readonly RunningHost[]): Finding {
  const { path, why } = entry;
  const subject = "local hosts";
  if (why === "not-a-host") {
    const seen = `${path} is not a host's folder.`;
    return { subject, verdict: "problem", seen, fix: `Move ${path} to another place.` };
  }
  const host = running.find((one) => isIn(one, entry));
  const end = host === undefined ? "" : `end the host (${host.end}) and `;
  return {
    subject,
    verdict: "problem",
    seen: `${path} ${why === "missing" ? "is missing" : "cannot be read"}, so Creel leaves its host alone and out of lists.${host ? " It runs." : ""}`,
    fix: `Put ${path} back from a copy. Without one, ${end}delete the folder it is in.`,
  };
}

/** What running hosts lack outside of themselves; empty when nothing. Never throws an OpsError. */
export async function diagnoseSurroundings(see: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await see();
  } catch (error) {
    return [problem("local hosts", error)];
  }
}

async function accelerator(): Promise<Finding> {
  const device = await stat("/dev/kvm").catch(() => null);
  if (device !== null) return ok("kvm", "/dev/kvm is there; the first host proves whether it works.");
  return warning(
    "kvm",
    "There is no /dev/kvm: virtual machines are emulated, 10 to 30 times slower.",
    "Switch virtualisation on in the firmware, or use local.driver nspawn as root.",
  );
}
