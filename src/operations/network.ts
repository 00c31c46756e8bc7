import type { NetworkTarget } from "../../services/gateway/gateway.ts";
import type { HostShell } from "../../services/host-shell/host-shell.ts";
import { OpsError } from "../core/errors.ts";
import type { Machine } from "./machine.ts";

export interface NetworkPorts {
  /** What an agent has to reach for its network to count as working; null: nobody asks. */
  readonly networkTarget: NetworkTarget | null;
}

export interface AgentNetwork {
  /** off: on purpose, or nobody is to ask · unknown: it could not be tried. */
  readonly network: "reached" | "missing" | "off" | "unknown";
  /** Half a sentence for a person; null when it is reached or off. */
  readonly why: string | null;
}

/** Whether the agent behind `shell` reaches the network from where it runs. Its gateway has to be ready. Trouble is a result, but a host that is lost is not. */
export async function agentNetwork(
  { networkTarget }: NetworkPorts,
  { gateway, provider }: Pick<Machine, "gateway" | "provider">,
  shell: HostShell,
  signal?: AbortSignal,
): Promise<AgentNetwork> {
  if (!provider.internet || networkTarget === null) return { network: "off", why: null };
  try {
    const look = await gateway.lookOutside(shell, networkTarget, signal);
    return look.reachable ? { network: "reached", why: null } : { network: "missing", why: look.why };
  } catch (error) {
    if (!(error instanceof OpsError) || !["host-command-failed", "timed-out"].includes(error.code)) throw error;
    return { network: "unknown", why: "it could not be tried" };
  }
}
