import type { Concern } from "../core/concern.ts";
import type { AgentStatus } from "../core/desk.ts";
import type { Host } from "../core/host.ts";
import { type AgentHealth, agentKey, isInRest, lookAgain, UNSEEN } from "./health.ts";

export interface FleetWatchParts {
  /** All agents, live. */
  readonly look: () => Promise<readonly AgentStatus[]>;
  /** Hosts that no agent has. Absent: nobody looks for them. */
  readonly stranded?: () => Promise<readonly Host[]>;
  /** Must not throw, and is not waited for: a chat that is away holds up no look. */
  readonly onConcern: (concern: Concern) => void;
  /** A concern is over, or an agent is seen well for the first time. As `onConcern`. */
  readonly onRecovered: (key: string) => void;
  /** ms since the epoch. */
  readonly now: () => number;
}

export interface FleetWatch {
  /**
   * Looks once. After `signal` aborts it tells nothing any more. One look at a time. @throws what the parts throw: what could not be looked at
   * stays as it was.
   */
  look(signal?: AbortSignal): Promise<void>;
}

/** What earlier looks have shown. */
export interface FleetMemory {
  /** By name. */
  readonly agents: ReadonlyMap<string, AgentHealth>;
  /** By key: looks in a row at which it was stranded, and the concern once there is one. */
  readonly stranded: ReadonlyMap<string, { readonly looks: number; readonly concern: Concern | null }>;
}

export type FleetEvent =
  | { readonly type: "concern"; readonly concern: Concern }
  | { readonly type: "recovered"; readonly key: string };

export const NOTHING_SEEN: FleetMemory = { agents: new Map(), stranded: new Map() };

/** A deploy has its host before the registry knows of it. */
const STRANDED_LOOKS = 2;

/**
 * Compares each look at the fleet with those before it. What it has seen is in memory only: after a restart it takes the looks again that a
 * concern needs and tells it once more, which whoever hears of it folds into the first by its key. For the same reason an agent that is
 * well at first sight is reported as recovered: before the restart it may not have been.
 */
export function createFleetWatch({ look, stranded, onConcern, onRecovered, now }: FleetWatchParts): FleetWatch {
  let memory = NOTHING_SEEN;
  return {
    async look(signal) {
      const [agents, hosts] = await Promise.allSettled([look(), stranded?.() ?? []]);
      if (signal?.aborted) return;
      if (agents.status === "rejected") throw agents.reason;
      const seen = compare(memory, agents.value, hosts.status === "fulfilled" ? hosts.value : null, now());
      memory = seen.memory;
      for (const event of seen.events) {
        if (event.type === "concern") onConcern(event.concern);
        else onRecovered(event.key);
      }
      if (hosts.status === "rejected") throw hosts.reason;
    },
  };
}

/** One look more. An agent or host that is not there any more has no concern. `hosts` null: it could not be found out. */
export function compare(
  before: FleetMemory,
  agents: readonly AgentStatus[],
  hosts: readonly Host[] | null,
  nowMs: number,
): { readonly memory: FleetMemory; readonly events: readonly FleetEvent[] } {
  const health = new Map(
    agents.map((status): [string, AgentHealth] => {
      const { name } = status.agent;
      return [name, lookAgain(before.agents.get(name) ?? UNSEEN, status, nowMs)];
    }),
  );
  const busy = new Set(agents.filter((status) => !isInRest(status)).map(({ agent }) => agent.name));
  const stranded = hosts
    ?.filter(({ name, agent }) => !busy.has(agent) || before.stranded.has(strandedKey(name)))
    .map((host) => [strandedKey(host.name), lookAgainAt(host, before)] as const);
  const memory = { agents: health, stranded: stranded === undefined ? before.stranded : new Map(stranded) };
  const wellAtLast = [...health].filter(([name, { wasWell }]) => wasWell && !before.agents.get(name)?.wasWell);
  return {
    memory,
    events: changes(
      concernsIn(before),
      concernsIn(memory),
      wellAtLast.map(([name]) => agentKey(name)),
    ),
  };
}

function lookAgainAt({ name, agent, provider }: Host, before: FleetMemory) {
  const key = strandedKey(name);
  const looks = (before.stranded.get(key)?.looks ?? 0) + 1;
  const concern: Concern = { key, severity: "note", agent, type: "stranded-host", host: name, provider };
  return { looks, concern: looks >= STRANDED_LOOKS ? concern : null };
}

function strandedKey(host: string): string {
  return `stranded:${host}`;
}

function concernsIn({ agents, stranded }: FleetMemory): ReadonlyMap<string, Concern> {
  const all = [...agents.values(), ...stranded.values()];
  return new Map(all.flatMap(({ concern }) => (concern === null ? [] : [[concern.key, concern]])));
}

function changes(
  before: ReadonlyMap<string, Concern>,
  after: ReadonlyMap<string, Concern>,
  well: readonly string[],
): FleetEvent[] {
  const over = [...before.keys()].filter((key) => !after.has(key));
  const begun = [...after.values()].filter(({ key }) => !before.has(key));
  return [
    ...[...new Set([...over, ...well])].map((key) => ({ type: "recovered", key }) as const),
    ...begun.map((concern) => ({ type: "concern", concern }) as const),
  ];
}
