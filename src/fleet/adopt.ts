import { setTimeout } from "node:timers/promises";
import type { GatewayState } from "../../services/gateway/gateway.ts";
import type { HostShell } from "../../services/host-shell/host-shell.ts";
import type { Adoption, AdoptionReport } from "../core/adoption.ts";
import type { Agent, AgentState } from "../core/agent.ts";
import { asOpsError, type ErrorCode } from "../core/errors.ts";
import type { Host } from "../core/host.ts";
import { isProven } from "../operations/deploy/proof.ts";
import type { Services } from "../operations/services.ts";

/** Long enough for a host that is just booting, as after a power failure. */
const PATIENCE_MS = 20_000;
const PAUSE_MS = 500;
/** What stays as it is however often the host is asked. */
const PERMANENT: ReadonlySet<ErrorCode> = new Set(["host-key-mismatch"]);

interface Judgement {
  readonly state: AgentState;
  /** For a person. */
  readonly because: string;
}

/**
 * Rebuilds the registry from the hosts that providers label as Creel's. Changes nothing on hosts and nothing that is
 * registered. Idempotent. What a deploy was cut off on is adopted as a failed agent, so that /deploy and /destroy can go on.
 * A host that does not answer is asked again for `patienceMs`.
 */
export async function adoptHosts(services: Services, patienceMs = PATIENCE_MS): Promise<AdoptionReport> {
  const registered = new Map((await services.registry.list()).map((agent) => [agent.name, agent.host]));
  const found: Host[] = [];
  const known: Host[] = [];
  const orphans: Host[] = [];
  for (const provider of services.providers.values()) {
    const newestFirst = (await provider.list()).toSorted((a, b) => b.createdAtMs - a.createdAtMs);
    for (const host of newestFirst) {
      if (registered.get(host.agent) === host.name) known.push(host);
      else if (registered.has(host.agent)) orphans.push(host);
      else found.push(host);
      if (!registered.has(host.agent)) registered.set(host.agent, host.name);
    }
  }
  // All at once: each may take its time to answer.
  return { adopted: await Promise.all(found.map((host) => adopt(services, host, patienceMs))), known, orphans };
}

async function adopt(services: Services, host: Host, patienceMs: number): Promise<Adoption> {
  const { state, because } = await judge(services, host, AbortSignal.timeout(patienceMs));
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

/** A host that is merely busy must never count as a failed deploy: the next deploy would replace it. */
async function judge(services: Services, host: Host, signal: AbortSignal): Promise<Judgement> {
  if (host.state === "stopped") return { state: "serving", because: "its host is switched off; Creel starts it again" };
  let last = "it did not answer";
  while (!signal.aborted) {
    try {
      return await look(services, host, signal);
    } catch (error) {
      const { code, userMessage, retry } = asOpsError(error);
      if (PERMANENT.has(code)) return { state: "failed", because: `it cannot be reached: ${userMessage}` };
      if (!signal.aborted) last = userMessage;
      if (retry === "never") break;
    }
    await setTimeout(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
  return { state: "serving", because: `it could not be asked: ${last}` };
}

async function look(services: Services, host: Host, signal: AbortSignal): Promise<Judgement> {
  await using shell = await services.shells.connect(host, { signal });
  const proven = await isProven(shell, signal);
  const state = await gatewayState(services, shell);
  if (proven) return { state: "serving", because: `its gateway is ${state}` };
  const gateway = state === "absent" ? "there is no gateway on its host" : `its gateway is ${state}`;
  return { state: "failed", because: `${gateway}, and its deploy was cut off before everything was proven to work` };
}

/** The proof decides; what the gateway is up to is only told. */
async function gatewayState(services: Services, shell: HostShell): Promise<GatewayState | "not to be asked"> {
  try {
    return (await services.gateway.health(shell, services.gatewaySettings.port)).state;
  } catch (error) {
    if (asOpsError(error).retry === "later") throw error;
    return "not to be asked";
  }
}

/** Hosts of Creel's that no agent in the registry has, such as after Redis was lost. */
export async function strandedHosts(services: Services): Promise<Host[]> {
  const registered = new Set((await services.registry.list()).map(({ host }) => host));
  const hosts = await Promise.all([...services.providers.values()].map((provider) => provider.list()));
  return hosts.flat().filter(({ name }) => !registered.has(name));
}
