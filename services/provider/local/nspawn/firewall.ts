import { OpsError } from "../../../../src/core/errors.ts";
import type { Opening } from "../../../../src/core/firewall.ts";
import { runChild } from "../child.ts";

/** In this machine's firewall, as long as the host has a network: the host's own rules are for whoever is root on it to change. */
function tableName(id: string): string {
  return `creel_${id}`;
}

/**
 * What may reach a host through its network interface `link`, from this machine and through it, in a table of the host's own. Made or replaced in
 * one transaction. @throws OpsError `provider-failed`.
 */
export async function setFirewall(id: string, link: string, openings: readonly Opening[]): Promise<void> {
  const { exitCode, output } = await runChild(["nft", "-f", "-"], {
    stdin: firewallRules(tableName(id), link, openings),
  });
  if (exitCode === 0) return;
  throw new OpsError({
    code: "provider-failed",
    userMessage: "What may come in to the host could not be set in this machine's firewall.",
    hint: "`nft list ruleset` shows what is there; /restart tries again.",
    evidence: output.trimEnd().split("\n"),
  });
}

/** Idempotent. */
export async function removeFirewall(id: string): Promise<void> {
  const table = tableName(id);
  // Declared first, so that deleting what is not there is no error.
  await runChild(["nft", "-f", "-"], { stdin: `table inet ${table}\ndelete table inet ${table}\n` });
}

/** Pure. The openings are valid: they come from `requireOpenings`. */
export function firewallRules(table: string, link: string, openings: readonly Opening[]): string {
  const families = [
    { address: "ip", networks: (from: readonly string[]) => from.filter((network) => !network.includes(":")) },
    { address: "ip6", networks: (from: readonly string[]) => from.filter((network) => network.includes(":")) },
  ];
  const accepted = openings.flatMap(({ protocol, port, from }) =>
    families.flatMap(({ address, networks }) =>
      networks(from).map((network) => `${address} saddr ${network} ${protocol} dport ${port} accept`),
    ),
  );
  return `table inet ${table}
delete table inet ${table}
table inet ${table} {
  chain inbound {
    ct state established,related accept
    meta l4proto { icmp, ipv6-icmp } accept
    ${accepted.join("\n    ")}
    # An answer instead of silence: a probe learns at once that nothing is there.
    meta l4proto tcp reject with tcp reset
    reject with icmpx admin-prohibited
  }
  chain sent { type filter hook output priority filter; oifname "${link}" jump inbound; }
  chain passed { type filter hook forward priority filter; oifname "${link}" jump inbound; }
}
`;
}
