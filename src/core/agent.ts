import { AGENT_CHANNELS, type AgentChannel, type KeptSettings } from "./agent-settings.ts";
import { OpsError } from "./errors.ts";
import type { AgentName, HostName, OperationId } from "./names.ts";
import type { Unreadable } from "./unreadable.ts";

/**
 * deploying: a deploy owns it · serving: its gateway was proven healthy once, so its host holds what the agent has become ·
 * failed: a deploy ended before that. What is true on the host right now is asked there, not stored; whether it is being destroyed
 * is for its last operation to say.
 */
export type AgentState = "deploying" | "serving" | "failed";

/** What Creel remembers of an agent. Can be rebuilt from the provider's labels (`creel adopt`). */
export interface Agent {
  readonly name: AgentName;
  readonly state: AgentState;
  /** The provider's name, such as `local`. */
  readonly provider: string;
  /** null before a deploy has created one. */
  readonly host: HostName | null;
  readonly createdAtMs: number;
  readonly lastOperation: OperationId;
  /** Also on its host, so that `creel adopt` finds them. */
  readonly settings: KeptSettings;
  /** It was adopted without a look at what its host keeps of its settings: the first of its operations that needs them takes one. */
  readonly isUnread?: true;
  /** Absent: nobody is changing them. */
  readonly change?: SettingsChange;
}

/** What an operation under way changes an agent's settings from, and to. Until it is settled or taken back; whatever the agent may end up with is its own. */
export interface SettingsChange {
  readonly operation: OperationId;
  readonly before: KeptSettings;
  readonly after: KeptSettings;
}

type Bots = KeptSettings["bots"];

/** The first of these bots that the agent has, or may come to have. Pure. */
export function botOf({ settings, change }: Agent, bots: Bots): AgentChannel | null {
  const its = [settings.bots, ...(change ? [change.before.bots, change.after.bots] : [])];
  const isIts = (channel: AgentChannel) => {
    const wanted = bots[channel];
    return wanted !== null && its.some((one) => one[channel]?.id === wanted.id);
  };
  return AGENT_CHANNELS.find(isIts) ?? null;
}

/** The registry of agents. All calls may throw OpsError `store-unavailable` (retry later). */
export interface AgentRegistry {
  /** @throws OpsError `internal` or `unknown-version` when the record cannot be read. */
  get(name: AgentName): Promise<Agent | null>;
  /** Those that can be read, sorted by name. */
  list(): Promise<Agent[]>;
  /** What `list` leaves out. */
  unreadable(): Promise<Unreadable[]>;
  /** Creates or replaces. Idempotent. @throws OpsError `unknown-version`, having changed nothing, when a newer Creel wrote what is there. */
  put(agent: Agent): Promise<void>;
  /**
   * As `put`, unless another agent that can be read has one of these bots, or may come to have it: then nothing is changed. Of two who ask at the same
   * time one is refused. Returns the other agent's name; null: it was put. @throws as `put`.
   */
  claim(agent: Agent, bots: KeptSettings["bots"]): Promise<AgentName | null>;
  /** Idempotent: removing what is not there is success. @throws as `put`. */
  remove(name: AgentName): Promise<void>;
}

/** `hint` null: what to do is to look at the list. */
export function noSuchAgent(name: string, hint: string | null = null): OpsError {
  return new OpsError({
    code: "not-found",
    userMessage: `There is no agent called ${name}.`,
    hint: hint ?? "/status lists the agents there are.",
  });
}

export function pageOff(name: string): OpsError {
  return new OpsError({
    code: "wrong-state",
    userMessage: `The page of ${name} is switched off.`,
    hint: `Say controlUi: true for ${name} under agents in creel.yaml, then /configure agent:${name}.`,
  });
}

/** Somebody has asked for its removal, which has not ended. */
export function isBeingRemoved(name: string): OpsError {
  return new OpsError({
    code: "wrong-state",
    userMessage: `${name} is being removed.`,
    hint: "/status shows it; /cancel stops it as long as its host is there.",
  });
}
