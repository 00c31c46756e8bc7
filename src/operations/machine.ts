import type { Gateway } from "../../services/gateway/gateway.ts";
import type { HostShell, HostShells } from "../../services/host-shell/host-shell.ts";
import type { Provider } from "../../services/provider/provider.ts";
import type { HostSystem } from "../../services/system/system.ts";
import { type Agent, type AgentRegistry, noSuchAgent } from "../core/agent.ts";
import { OpsError } from "../core/errors.ts";
import type { Host } from "../core/host.ts";
import type { AgentName, HostName } from "../core/names.ts";
import { type Providers, selectProvider } from "./providers.ts";

/** What it takes to find machines and to speak with them. */
export interface MachinePorts {
  readonly providers: Providers;
  /** By name. */
  readonly systems: ReadonlyMap<string, HostSystem>;
  readonly shells: HostShells;
  /** The gateway, as it is put onto hosts of that system and run there. */
  readonly gatewayOn: (system: HostSystem) => Gateway;
}

/** A host, and everything that speaks with it. */
export interface Machine {
  readonly host: Host;
  readonly provider: Provider;
  readonly system: HostSystem;
  readonly gateway: Gateway;
  /** One attempt, see `HostShells.connect`. */
  connect(options?: Parameters<HostShells["connect"]>[1]): Promise<HostShell>;
}

/** As its provider has told of it. @throws OpsError `unknown-version` when a newer Creel made it; what `selectProvider` throws. */
export function machineWith(ports: MachinePorts, host: Host): Machine {
  const provider = selectProvider(ports.providers, host.provider);
  const system = systemOf(ports.systems, host.system);
  const connect: Machine["connect"] = (options) => ports.shells.connect(host, options);
  return { host, provider, system, gateway: ports.gatewayOn(system), connect };
}

type WithHost = Pick<Agent, "name" | "provider" | "host">;

/** The machine that an agent has right now; null when it has none. @throws as `machineWith`, and what providers throw. */
export async function findMachine(
  ports: MachinePorts,
  { provider, host: name }: WithHost,
  signal?: AbortSignal,
): Promise<Machine | null> {
  const host = name === null ? null : await selectProvider(ports.providers, provider).find(name, signal);
  return host && machineWith(ports, host);
}

/** As `findMachine`, for what cannot be done without one. @throws OpsError `host-gone`. */
export async function machineOf(ports: MachinePorts, agent: WithHost, signal?: AbortSignal): Promise<Machine> {
  const machine = await findMachine(ports, agent, signal);
  if (machine !== null) return machine;
  const { name } = agent;
  throw new OpsError({
    code: "host-gone",
    userMessage: agent.host === null ? `${name} has no host.` : `The host of ${name} does not exist any more.`,
    hint: `/destroy agent:${name} forgets it; /history agent:${name} tells what happened.`,
  });
}

/**
 * Removes the host that an agent had, together with everything that belonged to it. One that others have as well stays with them, and one that is
 * not the agent's (any more) is not touched. Idempotent.
 */
export async function leaveHost(
  provider: Provider,
  name: HostName,
  agent: AgentName,
  signal?: AbortSignal,
): Promise<void> {
  const host = await provider.find(name, signal);
  if (host !== null && !host.agents.includes(agent)) return;
  const others = host?.agents.filter((other) => other !== agent) ?? [];
  if (others.length > 0) return await provider.setLabels(name, { agents: others }, signal);
  // Also one that was not found: a part of it may be there.
  await provider.destroy(name, signal);
}

/** @throws OpsError `unknown-version` for a host of a newer Creel. */
export function systemOf(systems: MachinePorts["systems"], name: string): HostSystem {
  const system = systems.get(name);
  if (system !== undefined) return system;
  throw new OpsError({
    code: "unknown-version",
    userMessage: `This Creel does not know the system ${JSON.stringify(name)} that the host has.`,
    hint: "Use the version of Creel that made the host, or a newer one.",
  });
}

/** @throws OpsError `not-found`. */
export async function agentNamed({ get }: Pick<AgentRegistry, "get">, name: AgentName): Promise<Agent> {
  const agent = await get(name);
  if (agent === null) throw noSuchAgent(name);
  return agent;
}
