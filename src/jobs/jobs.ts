import type { AgentRegistry } from "../core/agent.ts";
import type { AuditLog } from "../core/audit.ts";
import type { Operations } from "../operations/journal.ts";
import { createAuditLog } from "./audit.ts";
import { createChanges } from "./changes.ts";
import { connect, untilReady } from "./connection.ts";
import { verifyDurable } from "./durability.ts";
import { keys } from "./keys.ts";
import { createLanes } from "./lanes.ts";
import { createOperations } from "./operations.ts";
import type { JobsOptions } from "./options.ts";
import { createAgentRegistry } from "./registry.ts";
import { createOperationStore } from "./store.ts";
import { startWorkers, type Workers } from "./workers.ts";

const CONNECT_LIMIT_MS = 10_000;

export interface Jobs {
  readonly operations: Operations;
  readonly audit: AuditLog;
  readonly registry: AgentRegistry;
  /** About the durability of Redis, one sentence each; empty for the embedded one. */
  readonly warnings: readonly string[];
  /**
   * Makes operations of workers that were killed go on at once, not after the 15 s in which others find out that they are dead.
   * Only for a process that knows that no worker runs on this Redis, before `startWorkers`.
   */
  takeOver(): Promise<void>;
  /** From now on this process runs operations too. Idempotent. */
  startWorkers(): void;
  /** Gives running operations back without ending them, and disconnects. Bounded to about 15 s, also when Redis is away. Idempotent. */
  close(): Promise<void>;
}

/** @throws OpsError `store-unavailable` when Redis does not answer within 10 s or may forget what it has acknowledged. */
export async function createJobs(options: JobsOptions): Promise<Jobs> {
  const { onError } = options;
  const redis = connect(options.redis, "commands", onError);
  const subscriber = connect(options.redis, "subscriber", onError);
  const disconnect = () => {
    redis.disconnect();
    subscriber.disconnect();
  };
  let warnings: string[];
  try {
    await untilReady(redis, CONNECT_LIMIT_MS);
    warnings = await verifyDurable(redis);
  } catch (error) {
    disconnect();
    throw error;
  }
  const store = createOperationStore(redis);
  const lanes = createLanes(redis, onError);
  const changes = createChanges(subscriber, keys.changed, onError);
  let workers: Workers | null = null;
  let closing: Promise<void> | null = null;

  return {
    operations: createOperations({ ...options, store, lanes, changes }),
    audit: createAuditLog(redis, options.redact),
    registry: createAgentRegistry(redis),
    warnings,
    takeOver: () => lanes.reclaim(),
    startWorkers() {
      workers ??= startWorkers(options, subscriber, lanes);
    },
    close() {
      closing ??= (async () => {
        await workers?.close();
        await lanes.close();
        disconnect();
      })();
      return closing;
    },
  };
}
