import { asOpsError, OpsError } from "../core/errors.ts";
import type { AgentName, OperationId } from "../core/names.ts";
import { isEnded, type Operation, waitBehind } from "../core/operation.ts";
import type { Journal } from "../operations/journal.ts";
import type { Changes } from "./changes.ts";
import { cancelled } from "./operations.ts";
import type { OperationStore } from "./store.ts";

export interface Claimed extends Journal {
  readonly operation: Operation;
  /** After the end has been saved: whose turn it is next, if anybody waits. */
  next(): OperationId | null;
}

/** The operations this worker has the right to write to. */
export interface Claims {
  /** null when it has ended; `behind` when it is not its turn, which has been written into its record. */
  take(id: OperationId): Promise<Claimed | "behind" | null>;
  forget(id: OperationId): void;
  /** Nothing happens to operations that are not held. */
  abort(id: OperationId, error: OpsError): void;
  /** Gives everything up without ending it: other workers, or this one after its restart, go on. */
  abandon(): void;
  abandoned(): boolean;
}

/** `cancellations` are messages about operations that shall stop. */
export function createClaims(store: OperationStore, cancellations: Changes, onError: (error: unknown) => void): Claims {
  const controllers = new Map<OperationId, AbortController>();
  let isAbandoned = false;
  const listening = new Map<OperationId, () => void>();

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
    const controller = new AbortController();
    controllers.set(id, controller);
    const stopListening = cancellations.listen(id, () => {
      store.cancelRequested(id).then((requested) => requested && controller.abort(cancelled()), onError);
    });
    listening.set(id, stopListening);
    if (taken.cancel) controller.abort(cancelled());
    return claimed(taken.operation, taken.fence, controller);
  }

  function claimed(operation: Operation, fence: number, controller: AbortController): Claimed {
    let next: OperationId | null = null;
    return {
      operation,
      signal: controller.signal,
      next: () => next,
      async save(changed) {
        try {
          const saved = await store.save(changed, fence);
          next = saved.next;
          if (saved.cancel && !isEnded(changed)) controller.abort(cancelled());
        } catch (error) {
          if (asOpsError(error).code === "superseded") controller.abort(error);
          throw error;
        }
      },
    };
  }

  return {
    async take(id) {
      const stored = await store.read(id);
      return stored && claim(id, stored.operation.agent);
    },
    forget(id) {
      listening.get(id)?.();
      listening.delete(id);
      controllers.delete(id);
    },
    abort: (id, error) => controllers.get(id)?.abort(error),
    abandoned: () => isAbandoned,
    abandon() {
      isAbandoned = true;
      for (const controller of controllers.values()) controller.abort(stopping());
    },
  };
}

function stopping(): OpsError {
  return new OpsError({ code: "superseded", userMessage: "This worker of Creel is stopping; the operation goes on." });
}
