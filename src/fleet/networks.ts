import type { Finding } from "../core/finding.ts";
import type { MachinePorts } from "../operations/machine.ts";
import { agentNetwork, type NetworkPorts } from "../operations/network.ts";
import { lookOnEach, runningHosts } from "./running-hosts.ts";

/** What the agents on all running hosts see of the network, each tried from inside. */
export async function agentsNetworks(ports: MachinePorts & NetworkPorts): Promise<Finding[] | string> {
  const { networkTarget: target } = ports;
  if (target === null) return "Not tried, as set by gateway.probe.";
  const open = [...ports.providers.values()].filter(({ internet }) => internet);
  if (open.length === 0) return "Agents are kept from the internet, as set.";
  const hosts = (await runningHosts(open)).filter(({ agents }) => agents.length > 0);
  if (hosts.length === 0) return "There are none that could be asked.";
  const findings = await lookOnEach(ports, hosts, "network", async (machine, shell, signal) => {
    const { network, why } = await agentNetwork(ports, machine, shell, signal);
    if (network === "reached" || network === "off") return null;
    if (network === "missing") return { verdict: "warning", seen: `It reaches nothing: ${why}.`, fix: FIX };
    return {
      verdict: "warning",
      seen: "Its gateway does not run, so it could not be tried.",
      fix: `/status agent:${machine.host.agents[0]} says why.`,
    };
  });
  return findings.length > 0 ? findings : `They reach ${target.host} at port ${target.port}.`;
}

const FIX =
  "Look at the name servers in /etc/resolv.conf, at the firewall, and whether only a proxy leads out; agents use none.";
