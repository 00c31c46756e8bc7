import type { Provider } from "../../services/provider/provider.ts";
import type { AgentRegistry } from "../core/agent.ts";
import type { Concern, Concerns, StandingConcern } from "../core/concern.ts";
import type { AgentStatus } from "../core/desk.ts";
import { asOpsError } from "../core/errors.ts";
import type { OldImage } from "../core/golden-image.ts";
import { hostLane } from "../core/lane.ts";
import type { Held } from "../core/lease.ts";
import type { AgentName, OperationId } from "../core/names.ts";
import { isUndoing, type Operation } from "../core/operation.ts";
import type { Elsewhere, Sights } from "../core/sight.ts";
import type { Operations } from "../operations/journal.ts";
import { isHere } from "../operations/providers.ts";
import { strandedHosts } from "./adopt.ts";
import { stuckKey } from "./health.ts";
import { inTime } from "./in-time.ts";
import { type InspectPorts, inspectAgent } from "./inspect.ts";
import { oldImages } from "./old-images.ts";
import { sightOf } from "./seen.ts";
import { createFleetWatch, type FleetWatch } from "./watch.ts";

interface LookoutPorts extends InspectPorts {
  readonly registry: AgentRegistry;
  readonly elsewhere: Elsewhere;
}

export interface LookoutParts {
  readonly services: LookoutPorts;
  readonly operations: Pick<Operations, "get" | "recent">;
  readonly concerns: Concerns;
  readonly sights: Sights;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** Looks after what is at one provider, as long as the lease is held: agents, hosts, images. What it sees is kept for whoever cannot look. */
export function watchProvider(parts: LookoutParts, provider: Provider, held: Held): FleetWatch {
  const { operations, sights, now } = parts;
  const services = { ...parts.services, providers: new Map([[provider.name, provider]]) };
  let agents: readonly AgentStatus[] | null = null;
  let seenAtMs = 0;
  let images: readonly OldImage[] = [];
  const watch = createFleetWatch({
    ...told(parts.concerns, held),
    async look() {
      const here = (await services.registry.list()).filter((agent) => isHere(services.providers, agent.provider));
      const seen = await Promise.all(here.map((agent) => inspectAgent(services, operations, agent, now)));
      agents = seen;
      seenAtMs = now();
      return seen;
    },
    stranded: () => inTime(provider.name, (signal) => strandedHosts(services, signal)),
    async oldImages() {
      images = await inTime(provider.name, (signal) => oldImages(services, now(), signal));
      return images;
    },
    now,
  });
  return {
    async look(signal) {
      try {
        await watch.look(signal);
      } finally {
        // Of when they were seen, which a look that fails is not.
        if (agents !== null && !held.signal.aborted) {
          await sights.put({ provider: provider.name, atMs: seenAtMs, agents: agents.map(sightOf), images }, held);
        }
      }
    },
  };
}

/** Operations that may have been asked for since one got stuck and was not seen yet. */
const RECENT = 200;
/** A worker that is just being restarted is no news. */
const UNWATCHED_LOOKS = 2;

/** Looks after what is nobody's in particular: records that cannot be read, what is stuck and of no agent, agents that nobody can look after, concerns about what is not there any more. */
export function watchStore(parts: LookoutParts, held: Held): FleetWatch {
  const { services, operations, concerns, now } = parts;
  const { registry, elsewhere } = services;
  const watch = createFleetWatch({
    ...told(concerns, held),
    look: async () => [],
    unreadable: () => registry.unreadable(),
    now,
  });
  let unserved = new Map<string, number>();
  return {
    async look(signal) {
      await watch.look(signal);
      const [agents, lanes, unreadable] = await Promise.all([
        registry.list(),
        elsewhere.served(),
        registry.unreadable(),
      ]);
      const away = Map.groupBy(
        agents.filter(({ provider }) => !lanes.has(hostLane(provider))),
        ({ provider }) => provider,
      );
      unserved = new Map([...away.keys()].map((provider) => [provider, (unserved.get(provider) ?? 0) + 1]));
      for (const [provider, looks] of unserved) {
        const names = (away.get(provider) ?? []).map(({ name }) => name);
        if (looks >= UNWATCHED_LOOKS) await concerns.raise(unwatched(provider, names), held);
      }
      const known = new Set<string>([...agents, ...unreadable].map(({ name }) => name));
      const recent = await operations.recent({ agent: null, limit: RECENT });
      for (const operation of recent.filter((one) => isStuckAlone(one, known))) {
        await concerns.raise(stuckAlone(operation), held);
      }
      for (const { concern } of await concerns.all()) {
        const over =
          concern.type === "stuck-alone"
            ? await isInOrder(operations, concern.operation)
            : isOver(concern, known, unserved);
        if (over) await concerns.settle(concern.key, held);
      }
    },
  };
}

function isStuckAlone({ state, agent }: Operation, agents: ReadonlySet<string>): boolean {
  return state === "stuck" && (agent === null || !agents.has(agent));
}

function stuckAlone({ id, kind, agent: formerAgent, failure }: Operation): Concern {
  const note = failure?.leftBehind.join(" ") ?? null;
  return { key: stuckKey(id), severity: "person", type: "stuck-alone", operation: id, formerAgent, kind, note };
}

/** Who cannot read its record does not know. @throws OpsError `store-unavailable`. */
async function isInOrder({ get }: LookoutParts["operations"], id: OperationId): Promise<boolean> {
  try {
    const operation = await get(id);
    return operation === null || !(operation.state === "stuck" || isUndoing(operation));
  } catch (error) {
    if (asOpsError(error).code === "store-unavailable") throw error;
    return false;
  }
}

function unwatched(provider: string, agents: readonly AgentName[]): Concern {
  return { key: `unwatched:${provider}`, severity: "person", type: "unwatched", provider, agents };
}

function isOver(concern: Concern, agents: ReadonlySet<string>, unserved: ReadonlyMap<string, number>): boolean {
  if (concern.type === "unwatched") return !unserved.has(concern.provider);
  // A host outlives its agent, and whoever watches it says when it is gone.
  return "agent" in concern && concern.type !== "stranded-host" && !agents.has(concern.agent);
}

/** How a watch remembers and tells: only of what comes from its own looks. */
function told(concerns: Concerns, held: Held) {
  const isMine = ({ scope }: StandingConcern) => scope === held.name;
  return {
    standing: async () => (await concerns.all()).filter(isMine).map(({ concern }) => concern),
    onConcern: (concern: Concern) => concerns.raise(concern, held),
    async onRecovered(key: string) {
      const found = (await concerns.all()).find(({ concern }) => concern.key === key);
      if (found !== undefined && isMine(found)) await concerns.settle(key, held);
    },
  };
}
