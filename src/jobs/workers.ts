import { setTimeout as delay } from "node:timers/promises";
import type { OperationId } from "../core/names.ts";
import type { Operation } from "../core/operation.ts";
import { type Claimed, createClaims } from "./execution/claims.ts";
import { createRoute, laneFor } from "./execution/route.ts";
import { runOperation } from "./execution/runner.ts";
import { startSweeper } from "./execution/sweeper.ts";
import { wake } from "./execution/wake.ts";
import type { JobsOptions } from "./options.ts";
import { attend } from "./store/attendance.ts";
import { createChanges } from "./store/changes.ts";
import type { ConnectedStore } from "./store/connected-store.ts";
import { connect } from "./store/connection.ts";
import { keys } from "./store/keys.ts";
import { startLaneWorker } from "./store/lane-worker.ts";
import { createOperationStore } from "./store/operation-store.ts";
import type { Lanes } from "./store/port.ts";

export interface Workers {
  close(): Promise<void>;
}

/** One worker for each lane that this process serves, on a connection that waits for Redis however long it is away. */
export function startWorkers(options: JobsOptions, connected: ConnectedStore, lanes: Lanes): Workers {
  const { onError } = options;
  const redis = connect(connected.address, "worker", onError);
  const store = createOperationStore(redis);
  const cancellations = createChanges(connected.subscriber, keys.cancel, onError);
  const { definitions } = options;
  const lacks = (operation: Operation) => newerCreel(definitions, operation);
  const laneOf = (operation: Operation) => laneFor(definitions, operation);
  const route = createRoute({ store, lanes, laneOf, otherwise: options.lanes[0] ?? "" });
  const isMoved = (id: OperationId) => route(id, (lane) => !options.lanes.includes(lane));
  const claims = createClaims({ store, cancellations, isMoved, lacks, onError });

  const run = (claimed: Claimed) => runClaimed(options, claimed);
  const wakeNext = (id: OperationId) => wake({ store, lanes, onError }, id);
  const parts = { redis, concurrency: options.concurrency, claims, run, wake: wakeNext, onError };
  const workers = options.lanes.map((lane) => startLaneWorker(lane, parts));
  const sweeper = startSweeper({ store, lanes, route: (id) => route(id, () => true), onError });
  const attendance = attend(redis, options.lanes, onError);

  return {
    async close() {
      claims.abandon();
      sweeper.stop();
      await attendance.close();
      await Promise.all(workers.map((worker) => worker.close()));
      redis.disconnect();
    },
  };
}

async function runClaimed(options: JobsOptions, claimed: Claimed): Promise<Operation> {
  const { now, redact, onFailure } = options;
  const { operation } = claimed;
  const definition = options.definitions.find(({ kind }) => kind === operation.kind);
  // Claims are taken for known kinds only.
  if (definition === undefined) throw new Error(`Nobody knows how to do "${operation.kind}".`);
  const tools = { now, elapsed: () => performance.now(), redact, sleep, ...(onFailure ? { report: onFailure } : {}) };
  return runOperation(definition, operation, claimed, tools);
}

/** Going back to an older Creel loses nothing: what a newer one has begun, or was asked for, waits for it. */
function newerCreel(definitions: JobsOptions["definitions"], { kind, version }: Operation): string | null {
  const known = definitions.find((definition) => definition.kind === kind);
  if (known !== undefined && known.version >= version) return null;
  return `a newer Creel, which knows version ${version} of ${kind}`;
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    // Ending early is what the signal is for; who sleeps looks at it.
    if (!signal.aborted) throw error;
  }
}
