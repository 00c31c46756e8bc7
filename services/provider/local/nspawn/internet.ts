import { readdir, readFile, writeFile } from "node:fs/promises";
import { OpsError } from "../../../../src/core/errors.ts";
import { runChild } from "../child.ts";
import { withFileLock } from "../lock.ts";
import { missingTools } from "../machine.ts";
import { interfacePrefix, tableName } from "./network.ts";

/** One for this machine, whatever the state folder: all Creels on it share the tables. */
const LOCK = "/run/creel-internet.lock";
const FORWARDING = "/proc/sys/net/ipv4/ip_forward";
const never = new AbortController().signal;

/** Whether hosts of the subnet `prefix` reach the internet; null when the firewall does not say, as it does to nobody but root. */
export async function isInternetOpen(prefix: string): Promise<boolean | null> {
  const { exitCode, output } = await runChild(["nft", "list", "tables", "ip"]);
  if (exitCode !== 0) return null;
  const hasTable = output.split("\n").includes(`table ip ${tableName(prefix)}`);
  return hasTable && (await readFile(FORWARDING, "utf8")).trim() === "1";
}

/**
 * Makes the table, or replaces it in one transaction, whatever somebody has done to it. To be called when the host's interface is
 * there, which keeps others from closing it again. @throws OpsError `provider-failed`, `tool-missing`.
 */
export async function openInternet(prefix: string): Promise<void> {
  await locked(() => open(prefix));
}

/** Takes the table away unless the kernel still has an interface of the subnet's, of a host from whatever state folder. Idempotent. */
export async function closeUnusedInternet(prefix: string): Promise<void> {
  if ((await missingTools(["nft"])).length > 0) return;
  await locked(async () => {
    const interfaces = await readdir("/sys/class/net");
    if (interfaces.some((name) => name.startsWith(interfacePrefix(prefix)))) return;
    // Declared first, so that deleting what is not there is no error.
    await nft(`table ip ${tableName(prefix)}\ndelete table ip ${tableName(prefix)}\n`);
  });
}

async function open(prefix: string): Promise<void> {
  const table = tableName(prefix);
  const range = `${prefix}.0.0/16`;
  const { exitCode, output } = await nft(`table ip ${table}
delete table ip ${table}
table ip ${table} {
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
  await writeFile(FORWARDING, "1");
}

function nft(rules: string): ReturnType<typeof runChild> {
  return runChild(["nft", "-f", "-"], { stdin: rules });
}

/** Between looking for hosts and taking their table away, another Creel must not start one. */
function locked(work: () => Promise<void>): Promise<void> {
  return withFileLock(LOCK, never, () => undefined, work);
}
