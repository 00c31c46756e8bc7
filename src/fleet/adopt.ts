import { setTimeout } from "node:timers/promises";
import type { GatewayState } from "../../services/gateway/gateway.ts";
import type { HostShell } from "../../services/host-shell/host-shell.ts";
import type { Adoption, AdoptionReport } from "../core/adoption.ts";
import type { Agent, AgentRegistry, AgentState } from "../core/agent.ts";
import { type KeptSettings, NOTHING_KEPT } from "../core/agent-settings.ts";
import { asOpsError, type ErrorCode } from "../core/errors.ts";
import type { Host } from "../core/host.ts";
import type { AgentName } from "../core/names.ts";
import type { Unreadable } from "../core/unreadable.ts";
import { isProven } from "../operations/deploy/proof.ts";
import { type Machine, type MachinePorts, machineWith } from "../operations/machine.ts";
import type { Providers } from "../operations/providers.ts";
import { settingsOn } from "../operations/settings/unread.ts";

/** Long enough for a host that is just booting, as after a power failure. */
const PATIENCE_MS = 20_000;
const PAUSE_MS = 500;
/** What stays as it is however often the host is asked. */
const PERMANENT: ReadonlySet<ErrorCode> = new Set(["host-key-mismatch"]);

export interface StrandedPorts {
  readonly providers: Providers;
  readonly registry: AgentRegistry;
}

interface AdoptPorts extends MachinePorts {
  readonly registry: AgentRegistry;
}

interface Judgement {
  readonly state: AgentState;
  /** As its host has kept them; null: nobody could look, and they are still on it. */
  readonly settings: KeptSettings | null;
  /** For a person. */
  readonly because: string;
}

/**
 * Rebuilds the registry from the hosts that providers label as Creel's. Changes nothing on hosts and nothing that is
 * registered, but for records that are broken: those are written again. Idempotent. What a deploy was cut off on is adopted as a failed agent, so that /deploy and /destroy can go on.
 * A host without an agent is left to wait for one.
 * A host that does not answer is asked again for `patienceMs`.
 */
export async function adoptHosts(ports: AdoptPorts, patienceMs = PATIENCE_MS): Promise<AdoptionReport> {
  const registered = new Map((await ports.registry.list()).map((agent) => [agent.name, agent.host]));
  const ofNewer = namesOf((await ports.registry.unreadable()).filter(({ why }) => why === "newer"));
  const found: OnHost[] = [];
  const known: AgentName[] = [];
  const orphans: OnHost[] = [];
  const hosts = (await Promise.all([...ports.providers.values()].map((provider) => provider.list()))).flat();
  const newestFirst = hosts.toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  for (const { host, agent } of newestFirst.flatMap((host) => host.agents.map((agent) => ({ host, agent })))) {
    if (registered.get(agent) === host.name || ofNewer.has(agent)) known.push(agent);
    else if (registered.has(agent)) orphans.push({ agent, host });
    else found.push({ agent, host });
    if (!registered.has(agent)) registered.set(agent, host.name);
  }
  return {
    // All at once: each may take its time to answer.
    adopted: await Promise.all(found.map((one) => adopt(ports, one, patienceMs))),
    ...{ known, orphans, waiting: hosts.filter(({ agents }) => agents.length === 0) },
  };
}

interface OnHost {
  readonly agent: AgentName;
  readonly host: Host;
}

async function adopt(ports: AdoptPorts, { agent: name, host }: OnHost, patienceMs: number): Promise<Adoption> {
  const { state, settings, because } = await judge(ports, host, AbortSignal.timeout(patienceMs));
  const agent: Agent = {
    name,
    state,
    provider: host.provider,
    host: host.name,
    createdAtMs: host.createdAtMs,
    lastOperation: host.operation,
    settings: settings ?? NOTHING_KEPT,
    ...(settings === null ? { isUnread: true as const } : {}),
  };
  await ports.registry.put(agent);
  return { agent, because };
}

/** A host that is merely busy must never count as a failed deploy: the next deploy would replace it. */
async function judge(ports: MachinePorts, host: Host, signal: AbortSignal): Promise<Judgement> {
  if (host.state === "stopped") {
    return unseen("serving", "its host is switched off; Creel starts it again");
  }
  let last = "it did not answer";
  while (!signal.aborted) {
    try {
      return await look(machineWith(ports, host), signal);
    } catch (error) {
      const { code, userMessage, retry } = asOpsError(error);
      if (PERMANENT.has(code)) return unseen("failed", `it cannot be reached: ${userMessage}`);
      if (!signal.aborted) last = userMessage;
      if (retry === "never") break;
    }
    await setTimeout(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
  return unseen("serving", `it could not be asked: ${last}`);
}

/** Of a host that could not be looked at. */
function unseen(state: AgentState, because: string): Judgement {
  return { state, settings: null, because };
}

async function look(machine: Machine, signal: AbortSignal): Promise<Judgement> {
  await using shell = await machine.connect({ signal });
  const proven = await isProven(shell, signal);
  const state = await gatewayState(machine, shell);
  const { settings, trouble } = await settingsFound(machine, shell, signal);
  if (proven) return { state: "serving", settings, because: `its gateway is ${state}${trouble}` };
  const gateway = state === "absent" ? "there is no gateway on its host" : `its gateway is ${state}`;
  const because = `${gateway}, and its deploy was cut off before everything was proven to work`;
  return { state: "failed", settings, because };
}

/** `trouble`: more of a sentence. */
async function settingsFound(machine: Machine, shell: HostShell, signal: AbortSignal) {
  try {
    const { settings, isBroken } = await settingsOn(machine, shell, signal);
    const lost = "; what it was set up with is not readable any more, and /configure hands it what creel.yaml says";
    return { settings, trouble: isBroken ? lost : "" };
  } catch (error) {
    if (asOpsError(error).retry === "later") throw error;
    return { settings: null, trouble: "; its settings could not be read, and its next operation tries again" };
  }
}

/** The proof decides; what the gateway is up to is only told. */
async function gatewayState({ gateway, host }: Machine, shell: HostShell): Promise<GatewayState | "not to be asked"> {
  try {
    return (await gateway.health(shell, host.gatewayPort)).state;
  } catch (error) {
    if (asOpsError(error).retry === "later") throw error;
    return "not to be asked";
  }
}

/** Hosts of agents that no agent in the registry has, such as after Redis was lost. An agent whose record cannot be read may have its own. */
export async function strandedHosts(ports: StrandedPorts, signal?: AbortSignal): Promise<Host[]> {
  const registered = new Set((await ports.registry.list()).map(({ host }) => host));
  const unread = namesOf(await ports.registry.unreadable());
  const hosts = await Promise.all([...ports.providers.values()].map((provider) => provider.list(signal)));
  return hosts
    .flat()
    .filter(
      ({ name, agents }) => agents.length > 0 && !registered.has(name) && !agents.some((agent) => unread.has(agent)),
    );
}

function namesOf(unreadable: readonly Unreadable[]): ReadonlySet<string> {
  return new Set(unreadable.flatMap(({ kind, name }) => (kind === "agent" ? [name] : [])));
}
