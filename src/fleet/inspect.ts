import type { GatewayHealth } from "../../services/gateway/gateway.ts";
import type { HostShell } from "../../services/host-shell/host-shell.ts";
import { type Agent, noSuchAgent } from "../core/agent.ts";
import type { AgentStatus } from "../core/desk.ts";
import { asOpsError, OpsError } from "../core/errors.ts";
import type { Host } from "../core/host.ts";
import type { AgentName } from "../core/names.ts";
import type { Operations } from "../operations/journal.ts";
import { type Services, selectProvider } from "../operations/services.ts";

/** A host that answers this slowly must not hold up the others; one that does not answer at all is given up much sooner. */
const LOOK_MS = 20_000;

type Seen = Pick<AgentStatus, "host" | "gateway" | "note"> & { readonly health: GatewayHealth | null };

/** Looks at one agent, live. Never throws: what cannot be found out is "unknown" with a note. `now` is in ms since the epoch. */
export async function inspectAgent(
  services: Services,
  operations: Pick<Operations, "get">,
  agent: Agent,
  now: () => number,
): Promise<AgentStatus> {
  const [seen, lastOperation] = await Promise.all([
    look(services, agent).catch(
      (error: unknown): Seen => ({
        host: "unknown",
        gateway: "unknown",
        health: null,
        note: asOpsError(error).userMessage,
      }),
    ),
    operations.get(agent.lastOperation),
  ]);
  const { health } = seen;
  return {
    agent,
    host: seen.host,
    gateway: seen.gateway,
    version: health?.version ?? null,
    upMs: health?.startedAtMs == null ? null : Math.max(0, now() - health.startedAtMs),
    memoryBytes: health?.memoryBytes ?? null,
    restarts: health?.restarts ?? null,
    lastOperation,
    note: seen.note,
  };
}

async function look(services: Services, agent: Agent): Promise<Seen> {
  const host = await findHost(services, agent);
  if (host === null) {
    const lost = agent.state === "serving";
    return {
      host: lost ? "gone" : "none",
      gateway: "unknown",
      health: null,
      note: lost ? `Its host ${agent.host} is gone; /destroy agent:${agent.name} forgets it.` : null,
    };
  }
  if (host.state === "stopped")
    return { host: "stopped", gateway: "stopped", health: null, note: "Its host is switched off." };
  try {
    const health = await withShell(services, host, (shell) =>
      services.gateway.health(shell, services.gatewaySettings.port),
    );
    return { host: "running", gateway: health.state, health, note: null };
  } catch (error) {
    return { host: "running", gateway: "unknown", health: null, note: asOpsError(error).userMessage };
  }
}

/** The end of the gateway's log; of the host's console when the gateway has none or the host does not answer. Not redacted. */
export async function readLogs(services: Services, name: AgentName, lines: number): Promise<string[]> {
  const agent = await services.registry.get(name);
  if (agent === null) throw noSuchAgent(name);
  const host = await findHost(services, agent);
  if (host === null) {
    throw new OpsError({
      code: "host-gone",
      userMessage: `${name} has no host, so there are no logs.`,
      hint: `/destroy agent:${name} forgets it; /history agent:${name} tells what happened.`,
    });
  }
  const console = () => selectProvider(services, agent.provider).consoleTail(host.name, lines);
  if (host.state === "stopped") return await console();
  try {
    const log = await withShell(services, host, (shell) => services.gateway.logs(shell, lines));
    return log.length > 0 ? log : await console();
  } catch (error) {
    return [...(await console()), `(${asOpsError(error).userMessage} These lines are from the host's console.)`];
  }
}

async function findHost(services: Services, agent: Agent): Promise<Host | null> {
  return agent.host === null ? null : await selectProvider(services, agent.provider).find(agent.host);
}

async function withShell<Result>(
  services: Services,
  host: Host,
  use: (shell: HostShell) => Promise<Result>,
): Promise<Result> {
  const signal = AbortSignal.timeout(LOOK_MS);
  await using shell = await services.shells.connect(host, { signal });
  const tooSlow = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () =>
      reject(
        new OpsError({
          code: "timed-out",
          userMessage: `Host ${host.name} did not answer within ${LOOK_MS / 1000} s.`,
          retry: "later",
        }),
      ),
    );
  });
  return await Promise.race([use(shell), tooSlow]);
}
