import type { Actor } from "./actor.ts";
import type { Agent } from "./agent.ts";
import type { AuditEvent } from "./audit.ts";
import type { Origin } from "./chat.ts";
import type { OpsError } from "./errors.ts";
import type { AgentName, OperationId } from "./names.ts";
import type { Operation } from "./operation.ts";

/** A command as somebody typed or clicked it, before anything is checked. */
export interface Submission {
  /** Without the slash. */
  readonly command: string;
  readonly options: Readonly<Record<string, string>>;
  /** What was typed to confirm: the agent's name, or "yes"; null when nothing was. */
  readonly confirmation: string | null;
}

export interface AgentStatus {
  readonly agent: Agent;
  /** gone: the provider no longer has the host · unknown: it could not be asked in time. */
  readonly host: "running" | "stopped" | "gone" | "none" | "unknown";
  readonly gateway: "ready" | "starting" | "draining" | "stopped" | "crashed" | "config-invalid" | "absent" | "unknown";
  readonly version: string | null;
  readonly upMs: number | null;
  readonly memoryBytes: number | null;
  readonly restarts: number | null;
  readonly lastOperation: Operation | null;
  /** Why something is unknown or broken, one sentence; null when all is well. */
  readonly note: string | null;
}

export interface HelpEntry {
  readonly usage: string;
  readonly summary: string;
}

/** What a question answers with. Data only; `render.ts` makes it readable. */
export type Answer =
  | { readonly type: "status"; readonly agents: readonly AgentStatus[]; readonly nowMs: number }
  | { readonly type: "logs"; readonly agent: AgentName; readonly lines: readonly string[] }
  | { readonly type: "history"; readonly events: readonly AuditEvent[] }
  | { readonly type: "help"; readonly entries: readonly HelpEntry[] }
  | { readonly type: "cancel"; readonly operation: Operation; readonly accepted: boolean }
  | {
      readonly type: "snapshot";
      readonly wanted: string;
      readonly current: SnapshotSummary | null;
      readonly all: readonly SnapshotSummary[];
    };

export interface SnapshotSummary {
  readonly fingerprint: string;
  readonly createdAtMs: number;
  readonly sizeBytes: number;
  readonly openclawVersion: string;
}

export type Reply =
  | { readonly type: "answer"; readonly answer: Answer }
  /** Durable; watch it to its end. */
  | { readonly type: "operation"; readonly operation: Operation }
  /** Submit the same again with `confirmation` set to `expected`; or, in a chat, show buttons for the ticket and `bind` it to their message. */
  | {
      readonly type: "confirm";
      readonly question: string;
      readonly expected: string;
      /** null where the answer is typed. */
      readonly ticket: TicketId | null;
    }
  /** A ticket was answered with no, by who may. */
  | { readonly type: "declined" }
  | { readonly type: "refused"; readonly error: OpsError };

/** A question that was asked and may be answered once, by who caused it, at its message, within two minutes. */
export type TicketId = string & { readonly __ticketId: true };

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** The one entrance for every channel: authority, validation, confirmation and audit happen behind it, once. */
export interface Desk {
  /** Never throws an OpsError: refusals are replies. Without an `origin` it comes from a terminal, where whoever asks also watches. Idempotent by the origin's key. */
  submit(actor: Actor, submission: Submission, origin?: Origin): Promise<Reply>;
  /** For what could not even be read. Puts it on record; strangers learn nothing of what was wrong with it. */
  refuse(actor: Actor, error: OpsError): Promise<Reply>;
  /** Names the message that carries a ticket's buttons. From now on it can be answered there, and nowhere else. */
  bind(ticket: TicketId, message: string): Promise<void>;
  /** Somebody pressed a ticket's button. Never throws an OpsError. */
  answer(actor: Actor, ticket: TicketId, message: string, answer: "yes" | "no"): Promise<Reply>;
  /** At most 25 values for an option that start with `prefix`; empty for strangers. */
  complete(actor: Actor, command: string, option: string, prefix: string): Promise<Choice[]>;
  /** Operations that have not ended, newest first; empty for strangers. */
  unfinished(actor: Actor): Promise<Operation[]>;
  /** @throws OpsError `not-permitted` for strangers. */
  watch(actor: Actor, operation: OperationId, signal: AbortSignal): AsyncIterable<Operation>;
}
