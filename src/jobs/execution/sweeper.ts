import type { OperationId } from "../../core/names.ts";
import { isOldLane, type Lanes, type OperationStore } from "../store/port.ts";
import { unreadableError } from "../store/record.ts";

const INTERVAL_MS = 5_000;
const PRUNE_EVERY = 60;
const KEEP_OPERATIONS = 5_000;

export interface SweeperParts {
  readonly store: OperationStore;
  readonly lanes: Lanes;
  /** Puts it on the lane where it belongs. */
  readonly route: (id: OperationId) => Promise<unknown>;
  readonly onError: (error: unknown) => void;
}

/**
 * Sees to it that every operation that has not ended is delivered to a worker, whatever was lost on the way: a process that died
 * between the record and its delivery, a queue that somebody emptied, or an older Creel, which had other lanes. One whose record is broken is ended instead, so that its agent's
 * next one has its turn. The first sweep is at once.
 */
export function startSweeper({ store, lanes, route, onError }: SweeperParts): { stop(): void } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let sweeps = 0;
  void sweep();

  async function sweep(): Promise<void> {
    try {
      if (sweeps++ % PRUNE_EVERY === 0) await store.prune(KEEP_OPERATIONS);
      await lanes.heedClock();
      for (const id of await store.open()) {
        if (stopped) return;
        // What is broken about one keeps nobody from the others.
        await seeTo(id).catch(failed);
      }
    } catch (error) {
      failed(error);
    }
    if (stopped) return;
    timer = setTimeout(sweep, INTERVAL_MS);
  }

  function failed(error: unknown): void {
    if (!stopped) onError(error);
  }

  async function seeTo(id: OperationId): Promise<void> {
    const { state, text, lane } = await store.look(id);
    if (state === "readable") {
      if (lane !== null && isOldLane(lane)) await route(id);
      else if (lane !== null) await lanes.ensure(lane, id);
      return;
    }
    // A worker that has it in hand writes it anew; so may a newer Creel.
    if (state === "newer" || (lane !== null && (await lanes.isAtWork(lane, id)))) return;
    if (await store.bury(id, text)) onError(unreadableError({ kind: "operation", name: id, why: "broken" }));
  }

  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
