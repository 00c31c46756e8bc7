import type { GatewayHealth } from "../../services/gateway/gateway.ts";
import type { HostShell } from "../../services/host-shell/host-shell.ts";
import type { Agent, AgentRegistry } from "../core/agent.ts";
import { AGENT_CHANNELS, type AgentChannel, type Bot, SERVICE_NAMES } from "../core/agent-settings.ts";
import type { AgentStatus } from "../core/desk.ts";
import { asOpsError, unlessStopped } from "../core/errors.ts";
import type { AgentName } from "../core/names.ts";
import { askedAtMs, isUndoing, type Operation } from "../core/operation.ts";
import type { Operations } from "../operations/journal.ts";
import { agentNamed, findMachine, type Machine, type MachinePorts, machineOf } from "../operations/machine.ts";
import { agentNetwork, type NetworkPorts } from "../operations/network.ts";
import { inTime } from "./in-time.ts";
import type { Wakings } from "./wakings.ts";

export interface InspectPorts extends MachinePorts, NetworkPorts {
  readonly wakings: Pick<Wakings, "isWaking">;
}

/** Operations of an agent that may have been asked for since one got stuck. */
const RECENT = 20;

type Seen = Pick<AgentStatus, "host" | "gateway" | "network" | "note"> & { readonly health: GatewayHealth | null };

/** What is so of whatever cannot be asked. */
const UNASKED = { gateway: "unknown", network: "unknown", health: null } as const;

/** Looks at one agent, live. Never throws: what cannot be found out is "unknown" with a note. `now` is in ms since the epoch. */
export async function inspectAgent(
  ports: InspectPorts,
  operations: Pick<Operations, "get" | "recent">,
  agent: Agent,
  now: () => number,
): Promise<AgentStatus> {
  const [seen, lastOperation] = await Promise.all([
    look(ports, agent).catch(
      (error: unknown): Seen => ({
        ...UNASKED,
        host: "unknown",
        note: asOpsError(error).userMessage,
      }),
    ),
    lastOperationOf(operations, agent),
  ]);
  const { health } = seen;
  return {
    agent,
    host: seen.host,
    gateway: seen.gateway,
    network: seen.network,
    version: health?.version ?? null,
    upMs: health?.startedAtMs == null ? null : Math.max(0, now() - health.startedAtMs),
    memoryBytes: health?.memoryBytes ?? null,
    restarts: health?.restarts ?? null,
    channels: health?.channels?.map(({ channel, state }) => ({ channel, state })) ?? null,
    lastOperation,
    note: noteOn(agent, lastOperation) ?? seen.note,
  };
}

/**
 * The one that the agent's record names, or a later one that is stuck or being undone: not every operation notes itself there. null when it cannot
 * be read: what happened to an agent is worth less than how it is.
 */
export async function lastOperationOf(
  operations: Pick<Operations, "get" | "recent">,
  { name, lastOperation }: Agent,
): Promise<Operation | null> {
  const [noted, recent] = await Promise.all([
    orWithout(operations.get(lastOperation), null),
    orWithout(operations.recent({ agent: name, limit: RECENT }), []),
  ]);
  const amiss = recent.filter((operation) => operation.state === "stuck" || isUndoing(operation));
  return amiss.find((operation) => noted === null || askedAtMs(operation) > askedAtMs(noted)) ?? noted;
}

async function orWithout<T>(read: Promise<T>, without: T): Promise<T> {
  return await read.catch((error: unknown) => {
    if (asOpsError(error).code === "store-unavailable") throw error;
    return without;
  });
}

/** What ended an operation says more than what is left of it. */
function noteOn(agent: Agent, lastOperation: Operation | null): string | null {
  if (lastOperation?.state === "stuck") return lastOperation.failure?.leftBehind.join(" ") ?? null;
  return agent.state === "failed" ? (lastOperation?.failure?.userMessage ?? null) : null;
}

async function look(ports: InspectPorts, agent: Agent): Promise<Seen> {
  const machine = await inTime(agent.provider, (signal) => findMachine(ports, agent, signal));
  if (machine === null) {
    const lost = agent.state === "serving";
    return {
      ...UNASKED,
      host: lost ? "gone" : "none",
      note: lost ? `Its host ${agent.host} is gone; /destroy agent:${agent.name} forgets it.` : null,
    };
  }
  const { host } = machine;
  const isWaking = async () => agent.state === "serving" && (await ports.wakings.isWaking(host.name));
  if (host.state === "stopped") {
    if (await isWaking()) return beingStarted(null);
    const note = `Its host is switched off; /restart agent:${agent.name} switches it on.`;
    return { ...UNASKED, host: "stopped", gateway: "stopped", note };
  }
  try {
    const seen = await withShell(machine, (shell) => ask(ports, agent, machine, shell));
    return seen.gateway !== "ready" && (await isWaking()) ? beingStarted(seen.health) : seen;
  } catch (error) {
    if (await isWaking()) return beingStarted(null);
    return { ...UNASKED, host: "running", note: asOpsError(error).userMessage };
  }
}

async function ask(ports: NetworkPorts, agent: Agent, machine: Machine, shell: HostShell): Promise<Seen> {
  const health = await machine.gateway.health(shell, machine.host.gatewayPort);
  const seen = { host: "running", gateway: health.state, health } as const;
  const said = agent.state === "serving" ? (health.note ?? ofChannels(agent, health)) : null;
  if (health.state !== "ready") return { ...seen, network: "unknown", note: said };
  const { network, why } = await agentNetwork(ports, machine, shell);
  if (network !== "missing") return { ...seen, network, note: said };
  const notes = [said, `It reaches nothing: ${why}.`];
  return { ...seen, network, note: notes.filter((note) => note !== null).join(" ") };
}

/** The bots that will not come up as things are; null when there are none, or it is not known. What a gateway says of them is the agent's word. */
function ofChannels({ name, settings: { applied, bots } }: Agent, { channels }: GatewayHealth): string | null {
  if (channels === null) return null;
  const own = AGENT_CHANNELS.flatMap((channel) => {
    const look = channels.find((one) => one.channel === channel);
    const who = botOn(SERVICE_NAMES[channel], bots[channel]);
    if (look?.state === "failed") return [`${notConnected(who, look)} ${anotherToken(name, channel)}`];
    if (applied?.channels[channel]?.token == null || (look !== undefined && look.state !== "off")) return [];
    return [`${who} is not running there any more; /configure agent:${name} sets it up again.`];
  });
  const others = channels.filter(({ channel, state }) => state === "failed" && !isOwn(channel));
  const notes = [...own, ...others.map((look) => notConnected(botOn(look.channel, null), look))];
  return notes.length === 0 ? null : notes.join(" ");
}

/** Such as `Its bot @ada_bot on Telegram`. */
export function botOn(service: string, bot: Bot | null): string {
  return bot === null ? `Its bot on ${service}` : `Its bot @${bot.name} on ${service}`;
}

function notConnected(who: string, { why }: { readonly why: string | null }): string {
  return `${who} is not connected${why === null ? "" : `: ${why}`}.`;
}

function anotherToken(agent: AgentName, channel: AgentChannel): string {
  return `If its token was revoked, /connect agent:${agent} channel:${channel} token:new asks for another one.`;
}

function isOwn(channel: string): boolean {
  return AGENT_CHANNELS.some((one) => one === channel);
}

function beingStarted(health: GatewayHealth | null): Seen {
  const gateway = health?.state ?? "unknown";
  return { ...UNASKED, health, gateway, host: "starting", note: "Its host was off; Creel is starting it." };
}

/** The end of the gateway's log; of the host's console when the gateway has none or the host does not answer. Not redacted. */
export async function readLogs(
  ports: MachinePorts & { readonly registry: Pick<AgentRegistry, "get"> },
  name: AgentName,
  lines: number,
): Promise<string[]> {
  const agent = await agentNamed(ports.registry, name);
  const machine = await inTime(agent.provider, (signal) => machineOf(ports, agent, signal));
  const { host, provider, gateway } = machine;
  const console = () => inTime(provider.name, (signal) => provider.consoleTail(host.name, lines, signal));
  if (host.state === "stopped") return await console();
  try {
    const log = await withShell(machine, (shell) => gateway.logs(shell, lines));
    return log.length > 0 ? log : await console();
  } catch (error) {
    return [...(await console()), `(${asOpsError(error).userMessage} These lines are from the host's console.)`];
  }
}

async function withShell<Result>(
  { host, connect }: Machine,
  use: (shell: HostShell) => Promise<Result>,
): Promise<Result> {
  return await inTime(`Host ${host.name}`, async (signal) => {
    await using shell = await connect({ signal });
    return await unlessStopped(use(shell), signal);
  });
}
