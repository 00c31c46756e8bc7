import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { OpsError } from "../../../../src/core/errors.ts";
import { runChild } from "../child.ts";

/** The last /30 of a /16. */
const LAST_INDEX = 16_383;

export interface Subnet {
  /** The first two numbers of a /16, such as "10.99". */
  readonly prefix: string;
  /** Whether hosts reach the internet through this machine. */
  readonly internet: boolean;
}

/** The two ends of one host's /30: this machine has `.1`, the host `.2`. */
export function addressesOf(prefix: string, index: number): { readonly ours: string; readonly theirs: string } {
  const base = index * 4;
  const end = (offset: number) => `${prefix}.${base >> 8}.${(base & 255) + offset}`;
  return { ours: end(1), theirs: end(2) };
}

/** The interface's name is the claim on the address: the kernel gives it away once, whichever Creel asks. At most 13 characters. */
function interfaceName(prefix: string, index: number): string {
  return `cl${prefix.replace(".", "-")}-${index}`;
}

/** @throws OpsError `capacity` when all are taken. */
export function freeIndex(prefix: string, taken: ReadonlySet<number>): number {
  const addresses = new Set(Object.values(networkInterfaces()).flatMap((list) => list?.map(({ address }) => address)));
  for (let index = 0; index <= LAST_INDEX; index += 1) {
    if (!taken.has(index) && !addresses.has(addressesOf(prefix, index).ours)) return index;
  }
  throw new OpsError({
    code: "capacity",
    userMessage: `All addresses below ${prefix}.0.0/16 are taken.`,
    hint: "Destroy hosts, or choose another range with local.subnet in creel.yaml.",
  });
}

/**
 * Makes a network namespace with one interface, configured from outside, so that it survives the host's reboots.
 * @throws OpsError `address-in-use` when something else holds the address.
 */
export async function createNetwork(netns: string, { prefix, internet }: Subnet, index: number): Promise<void> {
  const { ours, theirs } = addressesOf(prefix, index);
  const link = interfaceName(prefix, index);
  if (existsSync(`/sys/class/net/${link}`)) throw inUse(ours);
  await ip(["-batch", "-"], [`netns add ${netns}`, `link add ${link} type veth peer name host0 netns ${netns}`], ours);
  await ip(["-batch", "-"], [`address add ${ours}/30 dev ${link}`, `link set ${link} up`], ours);
  await ip(
    ["-netns", netns, "-batch", "-"],
    [
      "link set lo up",
      `address add ${theirs}/30 dev host0`,
      "link set host0 up",
      `route add default via ${ours} dev host0`,
    ],
    ours,
  );
  if (internet) await openInternet(prefix);
}

/** Idempotent. */
export async function removeNetwork(netns: string): Promise<void> {
  if (!existsSync(`/run/netns/${netns}`)) return;
  // Removing the namespace alone would take the interface away only some time later.
  await runChild(["ip", "-netns", netns, "link", "delete", "host0"]);
  await runChild(["ip", "netns", "delete", netns]);
}

async function ip(args: readonly string[], commands: readonly string[], address: string): Promise<void> {
  const { exitCode, output } = await runChild(["ip", ...args], { stdin: `${commands.join("\n")}\n` });
  if (exitCode === 0) return;
  throw new OpsError({
    code: "provider-failed",
    userMessage: `The network of the host at ${address} could not be made.`,
    hint: "`ip link` and `ip netns` show what is there.",
    evidence: output.trimEnd().split("\n"),
  });
}

/** In this machine's firewall, while there are hosts. */
export function tableName(prefix: string): string {
  return `creel_${prefix.replace(".", "_")}`;
}

async function openInternet(prefix: string): Promise<void> {
  const table = tableName(prefix);
  const range = `${prefix}.0.0/16`;
  const rules = `table ip ${table}
delete table ip ${table}
table ip ${table} {
  chain nat { type nat hook postrouting priority srcnat; ip saddr ${range} ip daddr != ${range} masquerade; }
  chain between { type filter hook forward priority filter; ip saddr ${range} ip daddr ${range} reject; }
}
`;
  const { exitCode, output } = await runChild(["nft", "-f", "-"], { stdin: rules });
  if (exitCode !== 0) {
    throw new OpsError({
      code: "provider-failed",
      userMessage: "The hosts' way to the internet could not be opened in this machine's firewall.",
      hint: "Set local.internet to false in creel.yaml to do without.",
      evidence: output.trimEnd().split("\n"),
    });
  }
  await writeFile("/proc/sys/net/ipv4/ip_forward", "1");
}

/** Idempotent. */
export async function closeInternet(prefix: string): Promise<void> {
  // Declared first, so that deleting what is not there is no error.
  await runChild(["nft", "-f", "-"], {
    stdin: `table ip ${tableName(prefix)}\ndelete table ip ${tableName(prefix)}\n`,
  });
}

function inUse(address: string): OpsError {
  return new OpsError({
    code: "address-in-use",
    userMessage: `The address ${address} is used by another host on this machine.`,
    hint: "Another Creel may use the same range: choose another one with local.subnet in creel.yaml.",
  });
}
