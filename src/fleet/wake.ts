import { setTimeout as delay } from "node:timers/promises";
import type { Agent, AgentRegistry } from "../core/agent.ts";
import { asOpsError, type OpsError } from "../core/errors.ts";
import type { AgentName, HostName } from "../core/names.ts";
import { findMachine, type MachinePorts } from "../operations/machine.ts";
import { isHere, selectProvider } from "../operations/providers.ts";
import type { Wakings } from "./wakings.ts";

export interface WakePorts extends MachinePorts {
  readonly registry: Pick<AgentRegistry, "list">;
  readonly wakings: Wakings;
}

export interface Waking {
  readonly agent: AgentName;
  readonly host: HostName;
  /** null when its gateway is ready again. */
  readonly error: OpsError | null;
}

export interface WakeOptions {
  /** Hears of each host that was off, before it is started. */
  readonly onBegin?: (agent: AgentName, host: HostName) => Promise<void>;
  /** How long a gateway may take from the start of its host; default 3 minutes. */
  readonly patienceMs?: number;
  /** Between looks whether it is ready; default 1 s. */
  readonly pauseMs?: number;
}

/**
 * Switches the hosts of serving agents on that can be reached from here and are off, as all local ones are after a reboot of this machine, and lets the
 * provider put back what running ones have lost around them. Meanwhile `ports.wakings` says so. Idempotent; returns the hosts that were
 * off, once their gateways are ready, and those that failed.
 */
export async function wakeHosts(ports: WakePorts, options: WakeOptions = {}): Promise<Waking[]> {
  await ports.wakings.begin(null);
  try {
    const agents = (await ports.registry.list()).filter(
      ({ state, provider }) => state === "serving" && isHere(ports.providers, provider),
    );
    const found = await Promise.all(agents.map((agent) => look(ports, agent, options)));
    // From here on each one counts by itself.
    await ports.wakings.end(null);
    const woken = await Promise.all(found.map(async (sleeper) => await sleeper?.()));
    return woken.filter((waking) => waking != null);
  } finally {
    await ports.wakings.end(null);
  }
}

/** What remains to be done for an agent; null for one without a host. */
async function look(
  ports: WakePorts,
  agent: Agent,
  options: WakeOptions,
): Promise<(() => Promise<Waking | null>) | null> {
  const { name, host } = agent;
  if (host === null) return null;
  const attempt = async (work: () => Promise<"woken" | "awake">): Promise<Waking | null> => {
    try {
      return (await work()) === "woken" ? { agent: name, host, error: null } : null;
    } catch (error) {
      const opsError = asOpsError(error);
      // Destroyed meanwhile.
      return opsError.code === "host-gone" ? null : { agent: name, host, error: opsError };
    }
  };
  try {
    const provider = selectProvider(ports.providers, agent.provider);
    const state = (await provider.find(host))?.state;
    if (state === undefined) return null;
    if (state === "running") {
      return () =>
        attempt(async () => {
          await provider.start(host);
          return "awake";
        });
    }
    await ports.wakings.begin(host);
    await options.onBegin?.(name, host);
    return () =>
      attempt(async () => {
        try {
          await provider.start(host);
          await comeUp(ports, agent, options);
          return "woken";
        } finally {
          await ports.wakings.end(host);
        }
      });
  } catch (error) {
    return () => attempt(() => Promise.reject(error));
  }
}

/** @throws OpsError what keeps it from being ready, at once when that stays, else when patience is over. */
async function comeUp(
  ports: WakePorts,
  agent: Agent,
  { patienceMs = 180_000, pauseMs = 1000 }: WakeOptions,
): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs);
  for (;;) {
    try {
      // Each time anew: while it boots, it may change its address.
      const machine = await findMachine(ports, agent);
      if (machine === null) return;
      await using shell = await machine.connect({ signal });
      return await machine.gateway.checkReady(shell, machine.host.gatewayPort, signal);
    } catch (error) {
      if (signal.aborted || asOpsError(error).retry === "never") throw error;
    }
    await delay(pauseMs);
  }
}
