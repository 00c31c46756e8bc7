import type { Concern } from "../core/concern.ts";
import type { AgentStatus } from "../core/desk.ts";
import type { OldImage } from "../core/golden-image.ts";
import type { Host } from "../core/host.ts";
import { isAgentName } from "../core/names.ts";
import type { Unreadable } from "../core/unreadable.ts";
import { type AgentHealth, isInRest, lookAgain, UNSEEN } from "./health.ts";

export interface FleetWatchParts {
  /** All agents, live. */
  readonly look: () => Promise<readonly AgentStatus[]>;
  /** Hosts that no agent has. Absent: nobody looks for them. */
  readonly stranded?: () => Promise<readonly Host[]>;
  /** What `look` cannot tell of because its record cannot be read. Absent: nobody asks. */
  readonly unreadable?: () => Promise<readonly Unreadable[]>;
  /** Absent: nobody asks. */
  readonly oldImages?: () => Promise<readonly OldImage[]>;
  /** What stands of earlier looks, of whatever process. */
  readonly standing: () => Promise<readonly Concern[]>;
  /** Idempotent; so is `onRecovered`. */
  readonly onConcern: (concern: Concern) => Promise<void>;
  /** A concern is over. */
  readonly onRecovered: (key: string) => Promise<void>;
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

/** What earlier looks have shown, and what stands of it. */
export interface FleetMemory {
  /** By name. */
  readonly agents: ReadonlyMap<string, AgentHealth>;
  /** By key: looks in a row at which it was stranded, and the concern once there is one. */
  readonly stranded: ReadonlyMap<string, { readonly looks: number; readonly concern: Concern | null }>;
  /** By key. */
  readonly unreadable: ReadonlyMap<string, { readonly concern: Concern }>;
  /** By key. */
  readonly images: ReadonlyMap<string, { readonly concern: Concern }>;
}

/** What one look has seen; null: it could not be found out. */
interface Look {
  readonly agents: readonly AgentStatus[];
  /** Hosts that no agent has. */
  readonly hosts: readonly Host[] | null;
  readonly unreadable: readonly Unreadable[] | null;
  readonly images: readonly OldImage[] | null;
}

export type FleetEvent =
  | { readonly type: "concern"; readonly concern: Concern }
  | { readonly type: "recovered"; readonly key: string };

export const NOTHING_SEEN: FleetMemory = {
  agents: new Map(),
  stranded: new Map(),
  unreadable: new Map(),
  images: new Map(),
};

/** A deploy has its host before the registry knows of it. */
const STRANDED_LOOKS = 2;

/**
 * Compares each look at the fleet with those before it. What stands is remembered by whoever hears of it, and asked for before each look: so the
 * next watcher goes on from there, and so does one of whom only a part was heard. The looks that a new concern needs are in memory only. A look
 * counts when all that came of it was heard.
 */
export function createFleetWatch({
  look,
  stranded,
  unreadable,
  oldImages,
  standing,
  onConcern,
  onRecovered,
  now,
}: FleetWatchParts): FleetWatch {
  let memory = NOTHING_SEEN;
  return {
    async look(signal) {
      const before = remembered(memory, await standing());
      const [agents, hosts, unread, old] = await Promise.allSettled([
        look(),
        stranded?.() ?? [],
        unreadable?.() ?? [],
        oldImages?.() ?? [],
      ]);
      if (signal?.aborted) return;
      if (agents.status === "rejected") throw agents.reason;
      const known = <T>(settled: PromiseSettledResult<T>) => (settled.status === "fulfilled" ? settled.value : null);
      const looked = { agents: agents.value, hosts: known(hosts), unreadable: known(unread), images: known(old) };
      const seen = compare(before, looked, now());
      for (const event of seen.events) {
        if (event.type === "concern") await onConcern(event.concern);
        else await onRecovered(event.key);
      }
      memory = seen.memory;
      for (const each of [hosts, unread, old]) if (each.status === "rejected") throw each.reason;
    },
  };
}

/** What earlier looks of this watcher have counted, with what stands now. */
function remembered(memory: FleetMemory, standing: readonly Concern[]): FleetMemory {
  const counted = [...memory.agents].map(
    ([name, health]) => [name, { ...health, concern: null, stuck: null }] as const,
  );
  const agents = new Map<string, AgentHealth>(counted);
  const stranded = new Map([...memory.stranded].map(([key, { looks }]) => [key, withConcern(looks, null)]));
  const unreadable = new Map<string, { readonly concern: Concern }>();
  const images = new Map<string, { readonly concern: Concern }>();
  for (const concern of standing) {
    switch (concern.type) {
      case "old-image":
        images.set(concern.key, { concern });
        break;
      case "stranded-host":
        stranded.set(concern.key, withConcern(STRANDED_LOOKS, concern));
        break;
      case "unreadable":
        unreadable.set(concern.key, { concern });
        break;
      case "stuck-alone":
      case "unwatched":
      case "chat-refused":
      case "alerts-lost":
        break;
      default: {
        const health = agents.get(concern.agent) ?? UNSEEN;
        agents.set(concern.agent, { ...health, [concern.type === "stuck" ? "stuck" : "concern"]: concern });
      }
    }
  }
  return { agents, stranded, unreadable, images };
}

function withConcern(looks: number, concern: Concern | null) {
  return { looks, concern };
}

/** One look more. An agent, host or image that is not there any more has no concern; what could not be found out stays what it was. */
export function compare(
  before: FleetMemory,
  { agents, hosts, unreadable, images }: Look,
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
    ?.filter(({ name, agents: its }) => !its.some((one) => busy.has(one)) || before.stranded.has(strandedKey(name)))
    .map((host) => [strandedKey(host.name), lookAgainAt(host, before)] as const);
  const memory = {
    agents: health,
    stranded: stranded === undefined ? before.stranded : new Map(stranded),
    unreadable: unreadable === null ? before.unreadable : new Map(unreadable.flatMap(unreadableConcern)),
    images: images === null ? before.images : new Map(images.map(oldImageConcern)),
  };
  return { memory, events: changes(concernsIn(before), concernsIn(memory)) };
}

function lookAgainAt({ name, agents: [agent], provider }: Host, before: FleetMemory) {
  const key = strandedKey(name);
  const looks = (before.stranded.get(key)?.looks ?? 0) + 1;
  // One without an agent waits for one, which is nobody's concern.
  if (agent === undefined || looks < STRANDED_LOOKS) return withConcern(looks, null);
  return withConcern(looks, { key, severity: "note", agent, type: "stranded-host", host: name, provider });
}

function unreadableConcern({ kind, name, why }: Unreadable): (readonly [string, { readonly concern: Concern }])[] {
  if (kind !== "agent" || !isAgentName(name)) return [];
  const key = `unreadable:${name}`;
  return [[key, { concern: { key, severity: "person", agent: name, type: "unreadable", why } }]];
}

function oldImageConcern({ provider, days }: OldImage): readonly [string, { readonly concern: Concern }] {
  const key = `old-image:${provider}`;
  return [key, { concern: { key, severity: "note", type: "old-image", provider, days } }];
}

function strandedKey(host: string): string {
  return `stranded:${host}`;
}

function concernsIn({ agents, stranded, unreadable, images }: FleetMemory): ReadonlyMap<string, Concern> {
  const stuck = [...agents.values()].map((health) => ({ concern: health.stuck }));
  const all = [...agents.values(), ...stuck, ...stranded.values(), ...unreadable.values(), ...images.values()];
  return new Map(all.flatMap(({ concern }) => (concern === null ? [] : [[concern.key, concern]])));
}

function changes(before: ReadonlyMap<string, Concern>, after: ReadonlyMap<string, Concern>): FleetEvent[] {
  const over = [...before.keys()].filter((key) => !after.has(key));
  const begun = [...after.values()].filter(({ key }) => !before.has(key));
  return [
    ...over.map((key) => ({ type: "recovered", key }) as const),
    ...begun.map((concern) => ({ type: "concern", concern }) as const),
  ];
}
