import type { Operations } from "../operations/journal.ts";
import { createOperations } from "./execution/operations.ts";
import type { JobsOptions } from "./options.ts";
import { createChanges } from "./store/changes.ts";
import type { ConnectedStore } from "./store/connected-store.ts";
import { orStoreError } from "./store/connection.ts";
import { keys, scanKeys } from "./store/keys.ts";
import { createLanes } from "./store/lanes.ts";
import { createOperationStore } from "./store/operation-store.ts";
import { startWorkers, type Workers } from "./workers.ts";

export interface Jobs {
  readonly operations: Operations;
  /**
   * Makes operations of workers that were killed, and what they watched, go on at once, not after the time in which others find out that they are dead.
   * Only for a process that knows that no worker runs on this Redis, before `startWorkers`.
   */
  takeOver(): Promise<void>;
  /** From now on this process runs operations too. Idempotent. */
  startWorkers(): void;
  /** Gives running operations back without ending them, and disconnects the store. Bounded to about 15 s, also when Redis is away. Idempotent. */
  close(): Promise<void>;
}

/** Workers that are dead, and what they alone were to do. */
async function forgetOthers(redis: ConnectedStore["redis"]): Promise<void> {
  const leases = await scanKeys(redis, keys.lease("*"));
  for (const lease of leases) await orStoreError(redis.hdel(lease, "holder"));
  await orStoreError(redis.del(keys.workers));
}

export function createJobs(connected: ConnectedStore, options: JobsOptions): Jobs {
  const { onError } = options;
  const store = createOperationStore(connected.redis);
  const lanes = createLanes(connected.redis, onError);
  const changes = createChanges(connected.subscriber, keys.changed, onError);
  let workers: Workers | null = null;
  let closing: Promise<void> | null = null;
  const own = () => (workers === null ? [] : options.lanes);

  return {
    operations: createOperations({
      ...{ ...options, store, lanes, changes },
      worksHere: () => workers !== null,
      isServed: async (lane) => own().includes(lane) || (await connected.attendance.isServed(lane)),
    }),

    async takeOver() {
      await Promise.all([lanes.reclaim(), forgetOthers(connected.redis)]);
    },
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
