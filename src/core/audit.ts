import type { Actor } from "./actor.ts";
import type { AgentName, OperationId } from "./names.ts";

/**
 * Append-only. `refused` is written for every attempt that authority, validation or a missing confirmation stopped; of one stranger for at
 * most sixty an hour, so that nobody pushes out what matters.
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
    | "adopted";
  /** The command's name, or the operation's kind. */
  readonly subject: string;
  readonly agent: AgentName | null;
  readonly operation: OperationId | null;
  /** One line, redacted; why it was refused or failed. */
  readonly note: string | null;
}

export interface AuditLog {
  append(event: AuditEvent): Promise<void>;
  /** Newest first. `agent` null means all agents. */
  recent(filter: { readonly agent: AgentName | null; readonly limit: number }): Promise<AuditEvent[]>;
}
