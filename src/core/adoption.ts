import type { Agent } from "./agent.ts";
import type { Host } from "./host.ts";

export interface Adoption {
  readonly agent: Agent;
  /** Why it is in this state, for a person. */
  readonly because: string;
}

export interface AdoptionReport {
  readonly adopted: readonly Adoption[];
  /** Already in the registry with this very host. */
  readonly known: readonly Host[];
  /** Hosts of an agent that has another one; shown, never taken. */
  readonly orphans: readonly Host[];
}
