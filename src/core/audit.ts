import type { Actor } from "./actor.ts";
import type { AgentName, OperationId } from "./names.ts";
import type { Unreadable } from "./unreadable.ts";

/**
 * Append-only. `refused` is written for every attempt that authority, validation or a missing confirmation stopped. Those of strangers are
 * counted together, so that nobody pushes out what matters.
 */
export interface AuditEvent {
  readonly atMs: number;
  readonly actor: Actor;
  readonly what:
    | "requested"
    | "refused"
    | "cancel-requested"
    | "started"
    | "succeeded"
    | "failed"
    | "cancelled"
    | "stuck"
    | "retried"
    | "adopted";
  /** The command's name, or the operation's kind. */
  readonly subject: string;
  readonly agent: AgentName | null;
  readonly operation: OperationId | null;
  /** One line, redacted; why it was refused or failed. */
  readonly note: string | null;
  /** How many attempts of a stranger it stands for, the latest of which it describes; absent: one. */
  readonly attempts?: number | undefined;
}

export interface AuditLog {
  append(event: AuditEvent): Promise<void>;
  /**
   * Newest first. `agent` null means all agents. What `isAside` comes along without counting towards the limit, as far as it is newer.
   * `unreadable`: what was left out among them, whomever it was about.
   */
  recent(filter: {
    readonly agent: AgentName | null;
    readonly limit: number;
    readonly isAside?: (event: AuditEvent) => boolean;
  }): Promise<{ readonly events: readonly AuditEvent[]; readonly unreadable: readonly Unreadable[] }>;
}

/** How far each operation has come is one line; what somebody else did to it is another. */
export function latestOfEach(events: readonly AuditEvent[]): AuditEvent[] {
  const seen = new Set<string>();
  return events.filter(({ operation, what }) => {
    if (operation === null || what === "cancel-requested" || what === "retried" || what === "refused") return true;
    if (seen.has(operation)) return false;
    seen.add(operation);
    return true;
  });
}

/** As many events of one operation as `latestOfEach` makes one of: requested, started, ended. */
export const EVENTS_PER_OPERATION = 3;
