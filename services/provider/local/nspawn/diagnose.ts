import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Finding } from "../../../../src/core/finding.ts";
import { runChild } from "../child.ts";
import { usableControllers } from "./cgroup.ts";
import { isInternetOpen } from "./internet.ts";

const RESOLVER = fileURLToPath(new URL("resolver.sh", import.meta.url));

const chains = z.object({
  nftables: z.array(
    z.object({
      chain: z
        .object({
          family: z.string(),
          table: z.string(),
          name: z.string(),
          hook: z.string().optional(),
          policy: z.string().optional(),
        })
        .optional(),
    }),
  ),
});

/** Which of this machine's name servers its hosts cannot use; empty when they have them all. @throws OpsError `tool-missing`. */
export async function diagnoseResolver(): Promise<Finding[]> {
  const { output } = await runChild(["sh", RESOLVER]);
  return output
    .split("\n")
    .filter((line) => line.startsWith("# "))
    .map((line) => ({
      subject: "name servers of local hosts",
      verdict: "warning",
      seen: line.slice(2),
      fix: "Name a server in /etc/resolv.conf that has an IPv4 address of the network; hosts follow at once.",
    }));
}

/** What of a size is a limit here. @throws OpsError `tool-missing` without control groups. */
export async function diagnoseSizes(): Promise<Omit<Finding, "subject">> {
  return sizesFinding(await usableControllers());
}

/** `usable`: controllers such as "cpu" and "memory". Exported for tests. */
export function sizesFinding(usable: readonly string[]): Omit<Finding, "subject"> {
  const of = (limited: boolean) =>
    [["cpu", "processors"] as const, ["memory", "memory"] as const]
      .filter(([controller]) => usable.includes(controller) === limited)
      .map(([, word]) => word);
  const [kept, free] = [of(true), of(false)];
  const limits = kept.length === 0 ? "nothing" : `the ${kept.join(" and the ")} and nothing else`;
  const own = [...free, "disk"];
  const all = own.length === 3 ? "processors, memory and disk" : own.join(" and ");
  const missing =
    free.length === 0
      ? ""
      : ` It keeps the controllers for the ${free.join(" and the ")} from control groups of version 2.`;
  return {
    verdict: "warning",
    seen: `Under nspawn a size limits ${limits}: one host can take all of this machine's ${all}.${missing}`,
    fix: "Where that matters, set local.driver to qemu: a virtual machine has no more than its size.",
  };
}

/** What keeps running hosts in the subnets `prefixes` from the internet on this machine; empty when nothing does. @throws OpsError `tool-missing`. */
export async function diagnoseInternet(prefixes: readonly string[]): Promise<Finding[]> {
  const subject = "internet of local hosts";
  const findings: Finding[] = [];
  if ((await Promise.all(prefixes.map(isInternetOpen))).includes(false)) {
    findings.push({
      subject,
      verdict: "warning",
      seen: "Hosts are running and cannot reach the internet: their rules are missing from this machine's firewall, or forwarding is off.",
      fix: "Restart Creel: it puts both back.",
    });
  }
  const closed = await droppingChains();
  if (closed.length > 0) {
    findings.push({
      subject,
      verdict: "warning",
      seen: `This machine's firewall drops what it is not told to pass on (${closed.join(", ")}).`,
      fix: `Unless it has a rule for them already: let it pass on packets from and to hosts (local.subnet in creel.yaml).`,
    });
  }
  return findings;
}

/** Chains that packets of hosts pass through and that drop by default, such as "ip filter FORWARD". */
async function droppingChains(): Promise<string[]> {
  const { exitCode, output } = await runChild(["nft", "--json", "list", "chains"]);
  if (exitCode !== 0) return [];
  const seen = chains.safeParse(JSON.parse(output));
  if (!seen.success) return [];
  return seen.data.nftables.flatMap(({ chain }) => {
    if (chain?.hook !== "forward" || chain.policy !== "drop" || !["ip", "inet"].includes(chain.family)) return [];
    return [`${chain.family} ${chain.table} ${chain.name}`];
  });
}
