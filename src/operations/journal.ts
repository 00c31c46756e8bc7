import type { Actor } from "../core/actor.ts";
import type { ChatName, Origin, Place } from "../core/chat.ts";
import type { Json } from "../core/json.ts";
import type { AgentName, OperationId } from "../core/names.ts";
import type { Operation } from "../core/operation.ts";

/** What the step runner needs of durable storage for one claimed operation. */
export interface Journal {
  /**
   * Replaces the record if this claim's fencing number is still the newest, and tells watchers.
   * A record that has ended gives the agent's turn to the next operation. @throws OpsError `superseded`, `store-unavailable`.
   */
  save(operation: Operation): Promise<void>;
  /** Aborted with OpsError `cancelled` on request. */
  readonly cancelled: AbortSignal;
  /** Aborted with OpsError `superseded` when the claim is lost, also after a cancellation. */
  readonly lost: AbortSignal;
}

/** What people may do with operations; the terminal and chats stand on this. May throw `store-unavailable`. */
export interface Operations {
  /**
   * Durable when it returns: survives the death of every process and of Redis. Asked for again from the same origin, by its key,
   * within a day, it returns the operation of the first time.
   */
  enqueue(request: {
    readonly kind: string;
    readonly params: Json;
    readonly agent: AgentName | null;
    readonly requestedBy: Actor;
    /** Absent: not from a chat. */
    readonly origin?: Origin | undefined;
  }): Promise<Operation>;
  /** Refuses what can be known to fail before it is asked for. Changes nothing. @throws OpsError as the operation's first step would. */
  check(request: { readonly kind: string; readonly params: Json; readonly agent: AgentName | null }): Promise<void>;
  /** What the same request led to when it was delivered before; null when it was not. */
  earlier(origin: Origin): Promise<Operation | null>;
  get(id: OperationId): Promise<Operation | null>;
  /** Newest first. */
  recent(filter: { readonly agent: AgentName | null; readonly limit: number }): Promise<Operation[]>;
  /** false when it has already ended, or is being undone anyway. Idempotent. */
  cancel(id: OperationId): Promise<boolean>;
  /**
   * Goes on undoing one that is stuck, and tells its outcome where it was asked for now. Durable when it returns. @returns it as it is then,
   * also when it was not stuck. @throws OpsError `not-found`.
   */
  resume(id: OperationId, by: { readonly actor: Actor; readonly place: Place | null }): Promise<Operation>;
  /** The record now and after every change, until it has ended (last one included) or `signal` aborts. Survives reconnects; may skip states in between. */
  watch(id: OperationId, signal: AbortSignal): AsyncIterable<Operation>;
  /** Operations asked for in this chat whose outcome has not been told there yet, oldest first. */
  untold(channel: ChatName): Promise<Operation[]>;
  /** Whether its outcome still has to be told. */
  isUntold(operation: Operation): Promise<boolean>;
  /** Its outcome as it is in `operation` was told there. Idempotent; nothing when it has gone on since then. */
  told(operation: Operation): Promise<void>;
}
