import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { OpsError, stopped } from "../../../../src/core/errors.ts";
import type { Finding } from "../../../../src/core/finding.ts";
import type { Opening } from "../../../../src/core/firewall.ts";
import type { Boot, LocalDriver } from "../driver.ts";
import type { HostIdentity } from "../identity.ts";
import { requireTools } from "../machine.ts";
import type { Place } from "../record.ts";
import { controlGroup } from "./cgroup.ts";
import { diagnoseInternet, diagnoseResolver, diagnoseSizes } from "./diagnose.ts";
import { prepareUpper } from "./disk.ts";
import { removeFirewall, setFirewall } from "./firewall.ts";
import { closeUnusedInternet, openInternet } from "./internet.ts";
import { addressesOf, createNetwork, freeIndex, interfaceName, prefixOf, removeNetwork } from "./network.ts";
import { endInOrder } from "./power-off.ts";
import { diagnoseSubnet, requireFreeSubnet } from "./subnet.ts";
import { kernelIds, netnsOf, runningHosts, whereabouts } from "./whereabouts.ts";

const SUPERVISOR = fileURLToPath(new URL("supervisor.sh", import.meta.url));
const TOOLS = ["systemd-nspawn", "ip", "nft", "unshare", "setsid", "flock"];

/** For new hosts; what is there already keeps what it was made with. */
export interface Subnet {
  /** The first two numbers of a /16, such as "10.99". */
  readonly prefix: string;
  /** Whether hosts reach the internet through this machine. */
  readonly internet: boolean;
}

/** Hosts as systemd-nspawn containers: real systemd on this machine's kernel. Fast; needs root; not a security boundary. */
export function createNspawnDriver(subnet: Subnet): LocalDriver {
  async function boot(host: Boot, signal: AbortSignal): Promise<void> {
    const { record, identity, internet } = host;
    const { address, index } = placeOf(host);
    await halt(identity);
    const [id] = await kernelIds(identity);
    try {
      const group = await controlGroup(id);
      const controllers = await group.create(record);
      await prepareUpper(record, identity.folder, controllers);
      if (signal.aborted) throw stopped(signal);
      await createNetwork(netnsOf(id), { prefix: prefixOf(address), index, internet });
      await repairSurroundings(host);
      await startSupervisor(host, group.path, `/run/netns/${netnsOf(id)}`);
    } catch (error) {
      await halt(identity);
      throw error;
    }
  }

  async function halt(identity: HostIdentity): Promise<void> {
    for (const id of await kernelIds(identity)) {
      await (await controlGroup(id)).remove();
      if (await removeNetwork(netnsOf(id))) await removeFirewall(id);
    }
  }

  async function repairSurroundings(host: Pick<Boot, "record" | "identity" | "internet">): Promise<void> {
    await setOpenings(host, host.record.openings);
    if (host.internet) await openInternet(prefixOf(placeOf(host).address));
  }

  async function setOpenings(host: Pick<Boot, "record" | "identity">, openings: readonly Opening[]): Promise<void> {
    const { address, index } = placeOf(host);
    const link = interfaceName(prefixOf(address), index);
    const ids = await kernelIds(host.identity);
    const id = ids.find((one) => existsSync(`/run/netns/${netnsOf(one)}`)) ?? ids[0];
    await setFirewall(id, link, openings);
  }

  async function diagnose(running: Parameters<LocalDriver["diagnose"]>[0]): Promise<Finding[]> {
    // Of each host by what it was made with; a machine without hosts by what the next one gets.
    const prefixes = running.flatMap(({ place, internet }) =>
      place.driver === "nspawn" && internet ? [prefixOf(place.address)] : [],
    );
    const own = await diagnoseSubnet(subnet.prefix);
    if (!subnet.internet && prefixes.length === 0) return own;
    return [...own, ...(await diagnoseResolver()), ...(await diagnoseInternet([...new Set(prefixes)]))];
  }

  return {
    name: "nspawn",
    part: "rootfs",
    requireTools: (signal) => requireTools(TOOLS, signal),
    async findPlace(others, own) {
      const prefix = own?.driver === "nspawn" ? prefixOf(own.address) : subnet.prefix;
      // A host that has its place already is in its own way.
      if (own === null || own === undefined) await requireFreeSubnet(prefix);
      const taken = others.flatMap(({ place }) =>
        place.driver === "nspawn" && prefixOf(place.address) === prefix ? [place.index] : [],
      );
      const index = freeIndex(prefix, new Set(taken));
      return { driver: "nspawn", index, address: addressesOf(prefix, index).theirs };
    },
    boot,
    halt,
    whereabouts,
    running: runningHosts,
    sizes: diagnoseSizes,
    powerOff: async (identity, signal) => {
      await endInOrder(identity, signal);
      await halt(identity);
    },
    repairSurroundings,
    setOpenings,
    release: async (place) => {
      if (place.driver === "nspawn") await closeUnusedInternet(prefixOf(place.address));
    },
    diagnose,
    address: (place) => ({ address: place.driver === "nspawn" ? place.address : "127.0.0.1", sshPort: 22 }),
    outsideViews: ({ place }, port) => (place.driver === "nspawn" ? [{ address: place.address, port }] : []),
  };
}

function placeOf({ record: { name, place } }: Pick<Boot, "record">): Extract<Place, { driver: "nspawn" }> {
  if (place.driver === "nspawn") return place;
  throw new OpsError({ code: "internal", userMessage: `The host ${name} does not run under systemd-nspawn.` });
}

/** Returns once the host's disk is mounted and systemd-nspawn is about to start. It lives on when Creel ends. */
async function startSupervisor(host: Boot, cgroup: string, netns: string): Promise<void> {
  const { record, image } = host;
  const { folder } = host.identity;
  const consoleFile = join(folder, "console.log");
  const log = await open(consoleFile, "w", 0o600);
  try {
    const args = ["--mount", "sh", SUPERVISOR, cgroup, join(image, "rootfs"), folder, record.name, netns];
    const child = spawn("unshare", args, {
      detached: true,
      // Whoever wants to know which folder the host runs from finds it here, wherever it has been moved to.
      cwd: folder,
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
