import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { OpsError } from "../../../../src/core/errors.ts";
import type { Finding } from "../../../../src/core/finding.ts";
import type { LocalDriver } from "../driver.ts";
import { requireTools } from "../machine.ts";
import type { HostRecord } from "../record.ts";
import { controlGroup } from "./cgroup.ts";
import { prepareUpper } from "./disk.ts";
import { closeUnusedInternet, isInternetOpen, openInternet } from "./internet.ts";
import { addressesOf, createNetwork, freeIndex, removeNetwork } from "./network.ts";

const SUPERVISOR = fileURLToPath(new URL("supervisor.sh", import.meta.url));
const TOOLS = ["systemd-nspawn", "ip", "unshare", "setsid", "flock"];

export interface Subnet {
  /** The first two numbers of a /16, such as "10.99". */
  readonly prefix: string;
  /** Whether hosts reach the internet through this machine. */
  readonly internet: boolean;
}

/** Hosts as systemd-nspawn containers: real systemd on this machine's kernel. Fast; needs root; not a security boundary. */
export function createNspawnDriver(subnet: Subnet): LocalDriver {
  async function boot(record: HostRecord, folder: string, signal: AbortSignal): Promise<void> {
    await halt(record, folder);
    const id = idOf(folder);
    try {
      const group = await controlGroup(id);
      const controllers = await group.create(record);
      await prepareUpper(record, folder, controllers);
      signal.throwIfAborted();
      await createNetwork(netnsOf(id), subnet.prefix, indexOf(record));
      await repairSurroundings();
      await startSupervisor(record, folder, group.path, `/run/netns/${netnsOf(id)}`);
    } catch (error) {
      await halt(record, folder);
      throw error;
    }
  }

  async function halt(_record: HostRecord, folder: string): Promise<void> {
    const id = idOf(folder);
    await (await controlGroup(id)).remove();
    await removeNetwork(netnsOf(id));
  }

  async function repairSurroundings(): Promise<void> {
    if (subnet.internet) await openInternet(subnet.prefix);
  }

  async function diagnose(runningHosts: number): Promise<Finding[]> {
    if (!subnet.internet || runningHosts === 0) return [];
    if ((await isInternetOpen(subnet.prefix)) !== false) return [];
    return [
      {
        subject: "internet of local hosts",
        verdict: "warning",
        seen: "Hosts are running and cannot reach the internet: their rules are missing from this machine's firewall, or forwarding is off.",
        fix: "Restart Creel: it puts both back.",
      },
    ];
  }

  return {
    requireTools: (signal) => requireTools(subnet.internet ? [...TOOLS, "nft"] : TOOLS, signal),
    async findPlace(others) {
      const taken = new Set(others.flatMap(({ place }) => (place.driver === "nspawn" ? [place.index] : [])));
      const index = freeIndex(subnet.prefix, taken);
      return { driver: "nspawn", index, address: addressesOf(subnet.prefix, index).theirs };
    },
    boot,
    halt,
    isRunning: async (_record, folder) => (await controlGroup(idOf(folder))).isPopulated(),
    repairSurroundings,
    release: () => closeUnusedInternet(subnet.prefix),
    diagnose,
    address: (place) => ({ address: place.driver === "nspawn" ? place.address : "127.0.0.1", sshPort: 22 }),
    outsideView: (host, port) => ({ address: host.address, port }),
  };
}

/** Names in the kernel's own spaces come from the host's folder: two Creels never mean the same one. */
function idOf(folder: string): string {
  return createHash("sha256").update(folder).digest("hex").slice(0, 12);
}

function netnsOf(id: string): string {
  return `creel-${id}`;
}

function indexOf({ name, place }: HostRecord): number {
  if (place.driver === "nspawn") return place.index;
  throw new OpsError({ code: "internal", userMessage: `The host ${name} does not run under systemd-nspawn.` });
}

/** Returns once the host's disk is mounted and systemd-nspawn is about to start. It lives on when Creel ends. */
async function startSupervisor(record: HostRecord, folder: string, cgroup: string, netns: string): Promise<void> {
  const consoleFile = join(folder, "console.log");
  const log = await open(consoleFile, "w", 0o600);
  try {
    const args = ["--mount", "sh", SUPERVISOR, cgroup, join(record.snapshot, "rootfs"), folder, record.name, netns];
    const child = spawn("unshare", args, {
      detached: true,
      cwd: "/",
      stdio: ["ignore", log.fd, log.fd, "pipe"],
    });
    child.unref();
    const word = await firstWords(child);
    if (word.trim() === "mounted") return;
  } finally {
    await log.close();
  }
  throw new OpsError({
    code: "provider-failed",
    userMessage: `The host ${record.name} could not be started under systemd-nspawn.`,
    hint: "The folder of hosts has to be on a file system that can carry overlay mounts, such as ext4 or xfs.",
    evidence: (await readFile(consoleFile, "utf8")).trimEnd().split("\n").slice(-10),
  });
}

/** What the supervisor says before it starts the host; empty when it ends without a word. */
function firstWords(child: ReturnType<typeof spawn>): Promise<string> {
  return new Promise((resolve, reject) => {
    const pipe = child.stdio[3];
    let text = "";
    child.once("error", reject);
    if (pipe === null || pipe === undefined || !("setEncoding" in pipe)) {
      resolve("");
      return;
    }
    pipe.setEncoding("utf8");
    pipe.on("data", (chunk: string) => {
      text += chunk;
    });
    pipe.once("close", () => resolve(text));
  });
}
