import type { Actor } from "../../core/actor.ts";
import type { Desk } from "../../core/desk.ts";
import type { OperationId } from "../../core/names.ts";
import { isEnded, type Operation } from "../../core/operation.ts";

/** Operations that go on while nobody looks, whose outcome a person at the prompt wants to hear all the same. */
export interface Unwatched {
  /** Tells the outcome when there is one. Idempotent. */
  add(id: OperationId): void;
  /** Somebody looks: the outcome is told there. */
  remove(id: OperationId): void;
  close(): void;
}

interface Parts {
  readonly desk: Desk;
  readonly actor: Actor;
  readonly tell: (ended: Operation) => void;
}

export function createUnwatched({ desk, actor, tell }: Parts): Unwatched {
  const watches = new Map<OperationId, AbortController>();
  const watch = async (id: OperationId, signal: AbortSignal) => {
    for await (const operation of desk.watch(actor, id, signal)) {
      if (isEnded(operation) && !signal.aborted) tell(operation);
    }
  };
  return {
    add(id) {
      if (watches.has(id)) return;
      const stop = new AbortController();
      watches.set(id, stop);
      watch(id, stop.signal)
        // /history tells it, too: a store that is away is said of by whatever is typed next.
        .catch(() => undefined)
        .finally(() => {
          if (watches.get(id) === stop) watches.delete(id);
        });
    },
    remove(id) {
      watches.get(id)?.abort();
      watches.delete(id);
    },
    close() {
      for (const stop of watches.values()) stop.abort();
      watches.clear();
    },
  };
}

/** Where nobody stays to hear anything. */
export const NOBODY_WAITS: Unwatched = { add: () => undefined, remove: () => undefined, close: () => undefined };
