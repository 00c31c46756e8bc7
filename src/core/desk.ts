import type { Actor } from "./actor.ts";
import type { Agent } from "./agent.ts";
import type { Origin } from "./chat.ts";
import type { OpsError } from "./errors.ts";
import type { Message } from "./message.ts";
import type { OperationId } from "./names.ts";
import type { Operation } from "./operation.ts";
import type { PrivateQuestion } from "./private-question.ts";
import type { Secret } from "./secrets.ts";
import type { TicketId } from "./ticket.ts";

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
  /** starting: it was off, and Creel is bringing it up · gone: the provider no longer has the host · unknown: it could not be asked in time. */
  readonly host: "running" | "starting" | "stopped" | "gone" | "none" | "unknown";
  /** unready: it has been up for longer than a start takes, and is not ready all the same. */
  readonly gateway:
    | "ready"
    | "starting"
    | "unready"
    | "draining"
    | "stopped"
    | "crashed"
    | "config-invalid"
    | "absent"
    | "unknown";
  /** What the agent sees of it. off: kept from it on purpose · unknown: not asked, because its gateway is not ready, or no answer. */
  readonly network: "reached" | "missing" | "off" | "unknown";
  readonly version: string | null;
  readonly upMs: number | null;
  readonly memoryBytes: number | null;
  readonly restarts: number | null;
  readonly lastOperation: Operation | null;
  /** Channels of its gateway that are set up; null: it could not be asked. */
  readonly channels: readonly ChannelStatus[] | null;
  /** Why something is unknown, broken or only looks well; null when all is well. */
  readonly note: string | null;
}

interface ChannelStatus {
  /** Such as `telegram`. */
  readonly channel: string;
  /** connecting: not refused, and not connected yet or not any more. */
  readonly state: "connected" | "connecting" | "failed" | "off";
}

/**
 * What an operation has left the agent in that no operation is at work on any more. half-made: its deploy is over, and nobody has written
 * down how it ended.
 */
export function strandedBy({ agent, lastOperation }: AgentStatus): "stuck" | "half-made" | null {
  if (lastOperation?.state === "stuck") return "stuck";
  if (agent.state !== "deploying") return null;
  return lastOperation === null || lastOperation.state === "failed" || lastOperation.state === "cancelled"
    ? "half-made"
    : null;
}

export type Reply =
  /** `ends`: an operation whose outcome whoever asked wants to hear; null: none. */
  | { readonly type: "answer"; readonly message: Message; readonly ends: OperationId | null }
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
  /** Ask this person alone, and hand the answer to `enter`. A person has one such question at a time. */
  | { readonly type: "ask-privately"; readonly question: PrivateQuestion; readonly ticket: TicketId }
  /** A ticket was answered with no, by who may. */
  | { readonly type: "declined" }
  | { readonly type: "refused"; readonly error: OpsError };

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** A private question that has been asked. */
export interface AskedInPrivate {
  readonly ticket: TicketId;
  readonly question: PrivateQuestion;
  /** What asks for it again. */
  readonly submission: Submission;
  /** The message that asks; null: it was not bound to one. */
  readonly message: string | null;
  /** Its two minutes are not over. */
  readonly isOpen: boolean;
}

/** The one entrance for every channel: authority, validation, confirmation and audit happen behind it, once. */
export interface Desk {
  /**
   * For chats, before anything else is done: null for whom the settings know. For a stranger the attempt is put on record, together with
   * others, and nothing is waited for; "tell" at most once an hour, when it should be said that they may not use Creel.
   */
  turnAway(actor: Actor, attempt: () => Submission | null): "tell" | "ignore" | null;
  /** Never throws an OpsError: refusals are replies. Without an `origin` it comes from a terminal, where whoever asks also watches. Idempotent by the origin's key. */
  submit(actor: Actor, submission: Submission, origin?: Origin): Promise<Reply>;
  /** For what could not even be read. Puts it on record; strangers learn nothing of what was wrong with it. */
  refuse(actor: Actor, error: OpsError): Promise<Reply>;
  /** Names the message that carries a ticket's buttons. From now on it can be answered there, and nowhere else. */
  bind(ticket: TicketId, message: string): Promise<void>;
  /** Somebody pressed a ticket's button. Never throws an OpsError. */
  answer(actor: Actor, ticket: TicketId, message: string, answer: "yes" | "no"): Promise<Reply>;
  /** What this person was asked in private last, until some minutes after its time; null for strangers. May throw OpsError `store-unavailable`. */
  askedInPrivate(actor: Actor): Promise<AskedInPrivate | null>;
  /**
   * Somebody entered what they were asked for. Refused values may be entered again within the ticket's time; the first good one closes it.
   * Never throws an OpsError.
   */
  enter(actor: Actor, ticket: TicketId, value: Secret): Promise<Reply>;
  /** Somebody does not want to enter it, or cannot be asked. Nothing when it is not theirs. Idempotent. */
  leave(actor: Actor, ticket: TicketId): Promise<void>;
  /** At most 25 values for an option that have `prefix` in them, those that start with it first; empty for strangers. */
  complete(actor: Actor, command: string, option: string, prefix: string): Promise<Choice[]>;
  /** Operations that have not ended, newest first; empty for strangers. */
  unfinished(actor: Actor): Promise<Operation[]>;
  /** @throws OpsError `not-permitted` for strangers. */
  watch(actor: Actor, operation: OperationId, signal: AbortSignal): AsyncIterable<Operation>;
}
