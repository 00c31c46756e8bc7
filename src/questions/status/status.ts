import { type Agent, noSuchAgent } from "../../core/agent.ts";
import type { AgentStatus } from "../../core/desk.ts";
import type { AgentName } from "../../core/names.ts";
import type { Unreadable } from "../../core/unreadable.ts";
import { inspectAgent, lastOperationOf } from "../../fleet/inspect.ts";
import { type Origins, originsOf } from "../../fleet/origins.ts";
import { asSeen } from "../../fleet/seen.ts";
import { isHere } from "../../operations/providers.ts";
import type { Question, Sources } from "../question.ts";
import { showStatus } from "./show.ts";

interface Statuses {
  /** Sorted by name. */
  readonly agents: readonly AgentStatus[];
  /** Agents whose records cannot be read. */
  readonly unreadable: readonly Unreadable[];
}

interface Answer extends Statuses {
  /** Of the one that was asked about. */
  readonly origins?: Origins | null;
}

/** How an agent is, or all of them. */
export const status: Question<{ readonly agent: AgentName | null }, Answer> = {
  async ask(sources, { agent }) {
    const found = await statuses(sources, agent);
    // What a gateway says of its bots is the agent's word.
    const redacted = (note: string | null) => (note === null ? null : sources.redact(note));
    const only = agent === null ? undefined : found.agents[0]?.agent;
    const origins = only === undefined ? null : await originsOf(sources.services, only);
    return { ...found, origins, agents: found.agents.map((one) => ({ ...one, note: redacted(one.note) })) };
  },
  show: ({ agents, unreadable, origins }, look) => showStatus(agents, look, unreadable, origins),
};

/** `name` null: all. What cannot be asked in time is reported as unknown, not thrown. @throws OpsError `not-found`. */
export async function statuses(
  { services, operations, now }: Pick<Sources, "services" | "operations" | "now">,
  name: AgentName | null,
): Promise<Statuses> {
  const agents = name === null ? await services.registry.list() : [await services.registry.get(name)];
  const known = agents.filter((agent) => agent !== null);
  if (name !== null && known.length === 0) throw noSuchAgent(name);
  const seen = await Promise.all(known.map((agent) => lookOrAsk({ services, operations, now }, agent)));
  return { agents: seen, unreadable: name === null ? await services.registry.unreadable() : [] };
}

/** One that only workers elsewhere reach is as its watcher saw it. */
async function lookOrAsk(
  { services, operations, now }: Pick<Sources, "services" | "operations" | "now">,
  agent: Agent,
): Promise<AgentStatus> {
  if (isHere(services.providers, agent.provider)) return await inspectAgent(services, operations, agent, now);
  const [sights, served] = await Promise.all([services.elsewhere.sights(), services.elsewhere.served()]);
  const lastOperation = await lastOperationOf(operations, agent);
  return { ...asSeen(agent, sights, served, now()), lastOperation };
}
