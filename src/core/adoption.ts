import type { Agent } from "./agent.ts";
import type { Host } from "./host.ts";
import type { AgentName } from "./names.ts";

export interface Adoption {
  readonly agent: Agent;
  /** Why it is in this state, for a person. */
  readonly because: string;
}

export interface AdoptionReport {
  readonly adopted: readonly Adoption[];
  /** Already in the registry with the very host that says so. */
  readonly known: readonly AgentName[];
  /** Agents that have another host than this one; shown, never taken. */
  readonly orphans: readonly { readonly agent: AgentName; readonly host: Host }[];
  /** Hosts that have no agent yet. */
  readonly waiting: readonly Host[];
}
