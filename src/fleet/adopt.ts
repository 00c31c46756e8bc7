import type { Adoption, AdoptionReport } from "../core/adoption.ts";
import type { Agent, AgentState } from "../core/agent.ts";
import { asOpsError } from "../core/errors.ts";
import type { Host } from "../core/host.ts";
import type { Services } from "../operations/services.ts";

/**
 * Rebuilds the registry from the hosts that providers label as Creel's. Changes nothing on hosts and nothing that is
 * registered. Idempotent. Only a host on which there is no gateway is adopted as a failed deploy.
 */
export async function adoptHosts(services: Services): Promise<AdoptionReport> {
  const adopted: Adoption[] = [];
  const known: Host[] = [];
  const orphans: Host[] = [];
  for (const provider of services.providers.values()) {
    const newestFirst = (await provider.list()).toSorted((a, b) => b.createdAtMs - a.createdAtMs);
    for (const host of newestFirst) {
      const registered = await services.registry.get(host.agent);
      if (registered?.host === host.name) known.push(host);
      else if (registered !== null) orphans.push(host);
      else adopted.push(await adopt(services, host));
    }
  }
  return { adopted, known, orphans };
}

async function adopt(services: Services, host: Host): Promise<Adoption> {
  const { state, because } = await judge(services, host);
  const agent: Agent = {
    name: host.agent,
    state,
    provider: host.provider,
    host: host.name,
    createdAtMs: host.createdAtMs,
    lastOperation: host.operation,
  };
  await services.registry.put(agent);
  return { agent, because };
}

async function judge(services: Services, host: Host): Promise<{ state: AgentState; because: string }> {
  if (host.state === "stopped") return { state: "serving", because: "its host is switched off; Creel starts it again" };
  try {
    await using shell = await services.shells.connect(host, { signal: AbortSignal.timeout(20_000) });
    const { state } = await services.gateway.health(shell, services.gatewaySettings.port);
    if (state === "absent")
      return { state: "failed", because: "there is no gateway on its host: a deploy was cut off" };
    return { state: "serving", because: `its gateway is ${state}` };
  } catch (error) {
    // A host that is merely busy must never count as a failed deploy: the next deploy would replace it.
    return { state: "serving", because: `it could not be asked: ${asOpsError(error).userMessage}` };
  }
}

/** Hosts of Creel's that no agent in the registry has, such as after Redis was lost. */
export async function strandedHosts(services: Services): Promise<Host[]> {
  const registered = new Set((await services.registry.list()).map(({ host }) => host));
  const hosts = await Promise.all([...services.providers.values()].map((provider) => provider.list()));
  return hosts.flat().filter(({ name }) => !registered.has(name));
}
