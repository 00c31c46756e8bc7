import type { Operations } from "../operations/journal.ts";
import { createChanges } from "./changes.ts";
import type { ConnectedStore } from "./connected-store.ts";
import { keys } from "./keys.ts";
import { createLanes } from "./lanes.ts";
import { createOperations } from "./operations.ts";
import type { JobsOptions } from "./options.ts";
import { createOperationStore } from "./store.ts";
import { startWorkers, type Workers } from "./workers.ts";

export interface Jobs {
  readonly operations: Operations;
  /**
   * Makes operations of workers that were killed go on at once, not after the 15 s in which others find out that they are dead.
   * Only for a process that knows that no worker runs on this Redis, before `startWorkers`.
   */
  takeOver(): Promise<void>;
  /** From now on this process runs operations too. Idempotent. */
  startWorkers(): void;
  /** Gives running operations back without ending them, and disconnects the store. Bounded to about 15 s, also when Redis is away. Idempotent. */
  close(): Promise<void>;
}

export function createJobs(connected: ConnectedStore, options: JobsOptions): Jobs {
  const { onError } = options;
  const store = createOperationStore(connected.redis);
  const lanes = createLanes(connected.redis, onError);
  const changes = createChanges(connected.subscriber, keys.changed, onError);
  let workers: Workers | null = null;
  let closing: Promise<void> | null = null;

  return {
    operations: createOperations({ ...options, store, lanes, changes }),
    takeOver: () => lanes.reclaim(),
    startWorkers() {
      workers ??= startWorkers(options, connected, lanes);
    },
    close() {
      closing ??= (async () => {
        await workers?.close();
        await lanes.close();
        connected.disconnect();
      })();
      return closing;
    },
  };
}
