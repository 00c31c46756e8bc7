import type { Actor } from "../../core/actor.ts";
import type { ChatName, Origin } from "../../core/chat.ts";
import { OpsError } from "../../core/errors.ts";
import type { Lane } from "../../core/lane.ts";
import type { OperationId } from "../../core/names.ts";
import type { Operation } from "../../core/operation.ts";
import type { Unreadable } from "../../core/unreadable.ts";

/** What carrying out operations needs of the store: all that it knows of it. */

type Claim =
  /** It has ended, or was never there. */
  | { readonly type: "over" }
  | { readonly type: "behind"; readonly head: OperationId }
  | { readonly type: "claimed"; readonly fence: number; readonly operation: Operation; readonly cancel: boolean };

/** An operation as it was read, with what is needed to notice that it has changed since. */
export interface Stored {
  /** Parsed when it is asked for. @throws OpsError `internal` when it is broken, `unknown-version` when it is of a newer Creel. */
  readonly operation: Operation;
  readonly text: string;
  readonly fence: string;
  readonly lane: Lane;
}

/** Operations, durably. Every call may throw OpsError `store-unavailable`. */
export interface OperationStore {
  /** Idempotent by id and by the origin's key. Durable when it returns. @returns the id of the operation that was enqueued first. */
  enqueue(operation: Operation, lane: Lane, origin: Origin | null): Promise<OperationId>;
  /** The operation that was enqueued first from this origin; null when there is none, or not any more. */
  earlier(origin: Origin): Promise<OperationId | null>;
  read(id: OperationId): Promise<Stored | null>;
  lane(id: OperationId): Promise<Lane | null>;
  /** Lets it wait on another lane. Idempotent. @returns false when it has ended, or is not on `from` any more. */
  move(id: OperationId, from: Lane, to: Lane): Promise<boolean>;
  /** Takes the right to write, from whoever had it. */
  claim(id: OperationId, turns: Operation["agent"]): Promise<Claim>;
  /** @returns whether it shall be cancelled, and whose turn it is next if it has ended. @throws OpsError `superseded`. */
  save(operation: Operation, fence: number): Promise<{ readonly cancel: boolean; readonly next: OperationId | null }>;
  /** null when it was changed or claimed since it was read. */
  replaceUnclaimed(stored: Stored, changed: Operation): Promise<{ readonly next: OperationId | null } | null>;
  /** Lets one that has ended go on as `changed`, which `by` has asked for, as the last in its agent's line. @returns its lane; null when it was changed since it was read. */
  reopen(stored: Stored, changed: Operation, by: Actor): Promise<Lane | null>;
  /** false when it has ended. @throws OpsError `not-found`. */
  requestCancel(id: OperationId): Promise<boolean>;
  cancelRequested(id: OperationId): Promise<boolean>;
  /** Newest first. Lists leave out what cannot be read. */
  recent(filter: { readonly agent: Operation["agent"]; readonly limit: number }): Promise<Operation[]>;
  /** See `Operations`. */
  untold(channel: ChatName): Promise<Operation[]>;
  isUntold(channel: ChatName, id: OperationId): Promise<boolean>;
  told(channel: ChatName, operation: Operation): Promise<void>;
  /** Those that have not ended, oldest first. */
  open(): Promise<OperationId[]>;
  /** Whether its record can be read, and what is there instead. Never throws because of the record. */
  look(
    id: OperationId,
  ): Promise<{ readonly state: "readable" | Unreadable["why"]; readonly text: string; readonly lane: string | null }>;
  /** Ends one whose record `text` is broken, and gives its turn away. Only when no worker has it in hand. @returns false when it has changed. */
  bury(id: OperationId, text: string): Promise<boolean>;
  /** Forgets the oldest operations that have ended, as far as there are more than `keep`; a thousand at most in one call. */
  prune(keep: number): Promise<void>;
}

/** Tells who waits for an id on a channel that something was said about it. May miss what is said while Redis is away. */
export interface Changes {
  /** Calls `onChange` for every message about `id`, and whenever messages may have been missed, until the returned function is called. */
  listen(id: string, onChange: () => void): () => void;
}

/**
 * One queue per lane, whoever serves it. A delivery carries nothing but the operation's id, and may come twice or late.
 * A lane that cannot be one, as a broken record may name it, has no deliveries.
 */
export interface Lanes {
  /** In the background, for an operation that is new. */
  deliver(lane: Lane, id: OperationId): void;
  /** Delivers it if its delivery is lost or used up; cheap when all is well. */
  ensure(lane: Lane, id: OperationId): Promise<void>;
  /** Whether a worker, which may be dead, has it in hand. */
  isAtWork(lane: Lane, id: OperationId): Promise<boolean>;
  /** Takes its delivery back. false when a worker that may be alive has it in hand. */
  withdraw(lane: Lane, id: OperationId): Promise<boolean>;
  /**
   * Puts right what a clock that was set back has moved away: Redis keeps moments at which locks end, so a dead worker's would be respected,
   * and nobody would look for it, until the clock is there again. Cheap.
   */
  heedClock(): Promise<void>;
  /** Delivers again what workers had that no longer exist. Only while no worker runs anywhere. */
  reclaim(): Promise<void>;
  close(): Promise<void>;
}

/** Of before there was a lane for each provider; their keys are `creel:<lane>:…`. */
export const OLD_LANES: readonly string[] = ["hosts", "images", "snapshots"];

export function isOldLane(lane: Lane): boolean {
  return OLD_LANES.includes(lane);
}

export function superseded(): OpsError {
  return new OpsError({
    code: "superseded",
    userMessage: "Another worker of Creel has taken this operation over.",
  });
}
