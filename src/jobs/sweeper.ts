import type { Lanes } from "./lanes.ts";
import type { OperationStore } from "./store.ts";

const INTERVAL_MS = 5_000;
const PRUNE_EVERY = 60;
const KEEP_OPERATIONS = 5_000;

/**
 * Sees to it that every operation that has not ended is delivered to a worker, whatever was lost on the way: a process that died
 * between the record and its delivery, or a queue that somebody emptied. The first sweep is at once.
 */
export function startSweeper(store: OperationStore, lanes: Lanes, onError: (error: unknown) => void): { stop(): void } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let sweeps = 0;
  void sweep();

  async function sweep(): Promise<void> {
    try {
      if (sweeps++ % PRUNE_EVERY === 0) await store.prune(KEEP_OPERATIONS);
      for (const id of await store.open()) {
        if (stopped) return;
        const lane = await store.lane(id);
        if (lane !== null) await lanes.ensure(lane, id);
      }
    } catch (error) {
      if (!stopped) onError(error);
    }
    if (stopped) return;
    timer = setTimeout(sweep, INTERVAL_MS);
  }

  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
