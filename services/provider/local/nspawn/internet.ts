import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { OpsError } from "../../../../src/core/errors.ts";
import { runChild } from "../child.ts";
import { withFileLock } from "../lock.ts";
import { missingTools } from "../machine.ts";
import { isForwarding, startForwarding, stopForwarding } from "./forwarding.ts";
import { interfacePrefix, isTableLine, tableName } from "./network.ts";

/** One for this machine, whatever the state folder: all Creels on it share the tables. Its folder is root's alone, as who can read a file can lock it. */
const LOCKS = "/run/creel";
/**
 * Where clouds answer whoever asks with the machine's identity and credentials. As in the firewall of the hosts themselves: this is for
 * a host whose own rules are gone.
 */
const METADATA = "{ 169.254.0.0/16, 100.100.100.200, 168.63.129.16, 192.0.0.192 }";
const never = new AbortController().signal;

/** Whether hosts of the subnet `prefix` reach the internet; null when the firewall does not say, as it does to nobody but root. */
export async function isInternetOpen(prefix: string): Promise<boolean | null> {
  const tables = await tableLines();
  if (tables === null) return null;
  return tables.includes(`table ip ${tableName(prefix)}`) && (await isForwarding(prefix));
}

/** null when the firewall does not say. */
async function tableLines(): Promise<string[] | null> {
  const { exitCode, output } = await runChild(["nft", "list", "tables", "ip"]);
  return exitCode === 0 ? output.split("\n") : null;
}

/**
 * Makes the table, or replaces it in one transaction, whatever somebody has done to it. To be called when the host's interface is
 * there, which keeps others from closing it again. @throws OpsError `provider-failed`, `tool-missing`.
 */
export async function openInternet(prefix: string): Promise<void> {
  await locked(() => open(prefix));
}

/**
 * Takes the table away unless the kernel still has an interface of the subnet's, of a host from whatever state folder. With the last
 * table of all, forwarding becomes what it was. Idempotent.
 */
export async function closeUnusedInternet(prefix: string): Promise<void> {
  if ((await missingTools(["nft"])).length > 0) return;
  await locked(async () => {
    const interfaces = await readdir("/sys/class/net");
    if (interfaces.some((name) => name.startsWith(interfacePrefix(prefix)))) return;
    // Declared first, so that deleting what is not there is no error.
    await nft(`table ip ${tableName(prefix)}\ndelete table ip ${tableName(prefix)}\n`);
    if ((await tableLines())?.some(isTableLine) === false) await stopForwarding();
  });
}

async function open(prefix: string): Promise<void> {
  const table = tableName(prefix);
  const range = `${prefix}.0.0/16`;
  const { exitCode, output } = await nft(`table ip ${table}
delete table ip ${table}
table ip ${table} {
  # Before anything can give the packet another destination. Some clouds have their name and time servers there.
  chain metadata {
    type filter hook prerouting priority raw;
    ip saddr ${range} ip daddr ${METADATA} meta l4proto { tcp, udp } th dport { 53, 123 } accept
    ip saddr ${range} ip daddr ${METADATA} drop
  }
  chain nat { type nat hook postrouting priority srcnat; ip saddr ${range} ip daddr != ${range} masquerade; }
  chain between { type filter hook forward priority filter; ip saddr ${range} ip daddr ${range} reject; }
}
`);
  if (exitCode !== 0) {
    throw new OpsError({
      code: "provider-failed",
      userMessage: "The hosts' way to the internet could not be opened in this machine's firewall.",
      hint: "Set local.internet to false in creel.yaml to do without.",
      evidence: output.trimEnd().split("\n"),
    });
  }
  await startForwarding(prefix);
}

function nft(rules: string): ReturnType<typeof runChild> {
  return runChild(["nft", "-f", "-"], { stdin: rules });
}

/** Between looking for hosts and taking their table away, another Creel must not start one. */
async function locked(work: () => Promise<void>): Promise<void> {
  await mkdir(LOCKS, { recursive: true, mode: 0o700 });
  await withFileLock(join(LOCKS, "internet.lock"), never, () => undefined, work);
}
