import { existsSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { OpsError } from "../../../../src/core/errors.ts";
import { runChild } from "../child.ts";

/** The last /30 of a /16. */
const LAST_INDEX = 16_383;

/** The two ends of one host's /30: this machine has `.1`, the host `.2`. */
export function addressesOf(prefix: string, index: number): { readonly ours: string; readonly theirs: string } {
  const base = index * 4;
  const end = (offset: number) => `${prefix}.${base >> 8}.${(base & 255) + offset}`;
  return { ours: end(1), theirs: end(2) };
}

/** Of the /16 that an address was taken from. */
export function prefixOf(address: string): string {
  return address.split(".").slice(0, 2).join(".");
}

/** The interface's name is the claim on the address: the kernel gives it away once, whichever Creel asks. At most 13 characters. */
export function interfaceName(prefix: string, index: number): string {
  return `${interfacePrefix(prefix)}${index}`;
}

/** How the names of all interfaces of the subnet's hosts begin, and no others. */
export function interfacePrefix(prefix: string): string {
  return `cl${prefix.replace(".", "-")}-`;
}

/** Whether a network interface of this machine leads to a host, whichever Creel's and subnet's. */
export function isHostInterface(name: string): boolean {
  return /^cl\d+-\d+-\d+$/.test(name);
}

/** In this machine's firewall, while the subnet has hosts. */
export function tableName(prefix: string): string {
  return `creel_${prefix.replace(".", "_")}`;
}

/** Whether a line of `nft list tables ip` is the table of a subnet, whichever Creel's. */
export function isTableLine(line: string): boolean {
  return /^table ip creel_\d+_\d+$/.test(line);
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
export async function createNetwork(
  netns: string,
  { prefix, index, internet }: { readonly prefix: string; readonly index: number; readonly internet: boolean },
): Promise<void> {
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
      // The range may be open for others: what has no way out needs no route either.
      ...(internet ? [`route add default via ${ours} dev host0`] : []),
    ],
    ours,
  );
}

/** Idempotent. @returns false when there was none. */
export async function removeNetwork(netns: string): Promise<boolean> {
  if (!existsSync(`/run/netns/${netns}`)) return false;
  // Removing the namespace alone would take the interface away only some time later.
  await runChild(["ip", "-netns", netns, "link", "delete", "host0"]);
  await runChild(["ip", "netns", "delete", netns]);
  return true;
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

function inUse(address: string): OpsError {
  return new OpsError({
    code: "address-in-use",
    userMessage: `The address ${address} is used by another host on this machine.`,
    hint: "Another Creel may use the same range: choose another one with local.subnet in creel.yaml.",
  });
}
