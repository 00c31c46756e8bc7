import { asOpsError, OpsError } from "../../core/errors.ts";
import type { AgentName, OperationId } from "../../core/names.ts";
import { isEnded, type Operation, waitBehind, waitFor } from "../../core/operation.ts";
import type { Journal } from "../../operations/journal.ts";
import { type Changes, type OperationStore, superseded } from "../store/port.ts";
import { orReason } from "../store/record.ts";
import { cancelled } from "./operations.ts";

export interface Claimed extends Journal {
  readonly operation: Operation;
  /** After the end has been saved: whose turn it is next, if anybody waits. */
  next(): OperationId | null;
  /** Nothing more will be written with it. */
  release(): void;
}

/** The operations this worker has the right to write to. */
export interface Claims {
  /**
   * null when it has ended or cannot be read; `behind` when it is not its turn, or for a newer Creel, which has been written into its record, or for workers elsewhere.
   * An older claim of it in this process has lost the right to write, and is told.
   */
  take(id: OperationId): Promise<Claimed | "behind" | null>;
  /** The right to write is lost: stops what works on it. Nothing happens to operations that are not held. */
  lose(id: OperationId): void;
  /** Gives everything up without ending it: other workers, or this one after its restart, go on. */
  abandon(): void;
  abandoned(): boolean;
}

export interface ClaimsParts {
  readonly store: OperationStore;
  /** Messages about operations that shall stop. */
  readonly cancellations: Changes;
  /** Whether it belongs to workers elsewhere, to whom it has been delivered then. */
  readonly isMoved: (id: OperationId) => Promise<boolean>;
  /** What it waits for when this worker cannot do it, after "waits for"; null when it can. */
  readonly lacks: (operation: Operation) => string | null;
  readonly onError: (error: unknown) => void;
}

export function createClaims({ store, cancellations, isMoved, lacks, onError }: ClaimsParts): Claims {
  /** What tells a claim that it is lost. One per claim: two of one operation must not share what they hear. */
  const held = new Map<AbortController, OperationId>();
  let isAbandoned = false;
  const lose = (id: OperationId) => {
    for (const [lost, of] of held) if (of === id) lost.abort(superseded());
  };

  async function claim(id: OperationId, agent: AgentName | null): Promise<Claimed | "behind" | null> {
    const taken = await store.claim(id, agent);
    if (taken.type === "over") return null;
    if (taken.type === "behind") {
      const stored = await store.read(id);
      // Nothing to write when it is known already, or has been changed by somebody in this moment.
      if (stored && stored.operation.waitingBehind !== taken.head) {
        await store.replaceUnclaimed(stored, waitBehind(stored.operation, taken.head));
      }
      return "behind";
    }
    lose(id);
    const lost = new AbortController();
    const cancel = new AbortController();
    held.set(lost, id);
    const stopListening = cancellations.listen(id, () => {
      store.cancelRequested(id).then((requested) => requested && cancel.abort(cancelled()), onError);
    });
    if (taken.cancel) cancel.abort(cancelled());
    return claimed(taken.operation, taken.fence, { lost, cancel }, () => {
      stopListening();
      held.delete(lost);
    });
  }

  function claimed(
    operation: Operation,
    fence: number,
    { lost, cancel }: { readonly lost: AbortController; readonly cancel: AbortController },
    release: () => void,
  ): Claimed {
    let next: OperationId | null = null;
    return {
      operation,
      cancelled: cancel.signal,
      lost: lost.signal,
      next: () => next,
      release,
      async save(changed) {
        try {
          const saved = await store.save(changed, fence);
          next = saved.next;
          if (saved.cancel && !isEnded(changed)) cancel.abort(cancelled());
        } catch (error) {
          if (asOpsError(error).code === "superseded") lost.abort(error);
          throw error;
        }
      },
    };
  }

  return {
    async take(id) {
      const stored = await store.read(id);
      if (stored === null) return null;
      const operation = orReason(() => stored.operation);
      // Left to the sweep, or to a newer Creel.
      if (typeof operation === "string" || isEnded(operation)) return null;
      if (await isMoved(id)) return "behind";
      const what = lacks(operation);
      if (what === null) return claim(id, operation.agent);
      if (operation.waitingFor !== what) await store.replaceUnclaimed(stored, waitFor(operation, what));
      return "behind";
    },
    lose,
    abandoned: () => isAbandoned,
    abandon() {
      isAbandoned = true;
      for (const lost of held.keys()) lost.abort(stopping());
    },
  };
}

function stopping(): OpsError {
  return new OpsError({ code: "superseded", userMessage: "This worker of Creel is stopping; the operation goes on." });
}
