import type { Finding } from "../core/finding.ts";
import type { MachinePorts } from "../operations/machine.ts";
import { lookOnEach, runningHosts } from "./running-hosts.ts";

/** Whether the systems of all running hosts keep themselves up to date. */
export async function hostsUpkeep(ports: MachinePorts): Promise<Finding[] | string> {
  const hosts = await runningHosts(ports.providers.values());
  if (hosts.length === 0) return "There are none that could be asked.";
  const findings = await lookOnEach(ports, hosts, "updates", async ({ system }, shell, signal) => {
    const { trouble, rebootNeeded } = await system.upkeep(shell, signal);
    if (trouble !== null) {
      return {
        verdict: "warning",
        seen: `Its host gets no security updates by itself: ${trouble}`,
        fix: "Look at that on the host; or deploy the agent anew, which gives it a new one.",
      };
    }
    if (!rebootNeeded) return null;
    return {
      verdict: "warning",
      seen: "Its host was updated, and some of that is in use only after a reboot.",
      fix: "Reboot it when the agent is idle; its gateway comes back by itself.",
    };
  });
  return findings.length > 0 ? findings : "Their hosts get security updates by themselves.";
}
