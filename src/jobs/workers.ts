import { setTimeout as delay } from "node:timers/promises";
import { OpsError } from "../core/errors.ts";
import type { OperationId } from "../core/names.ts";
import { fail, type Operation, start } from "../core/operation.ts";
import { createChanges } from "./changes.ts";
import { type Claimed, createClaims } from "./claims.ts";
import type { ConnectedStore } from "./connected-store.ts";
import { connect } from "./connection.ts";
import { storableFailure } from "./failures.ts";
import { keys } from "./keys.ts";
import { LANES, type Lanes } from "./lanes.ts";
import type { JobsOptions } from "./options.ts";
import { runOperation } from "./runner.ts";
import { createOperationStore } from "./store.ts";
import { startSweeper } from "./sweeper.ts";
import { wake } from "./wake.ts";
import { startLaneWorker } from "./worker.ts";

export interface Workers {
  close(): Promise<void>;
}

/** One worker per lane, on a connection that waits for Redis however long it is away. */
export function startWorkers(options: JobsOptions, connected: ConnectedStore, lanes: Lanes): Workers {
  const { onError } = options;
  const redis = connect(connected.address, "worker", onError);
  const store = createOperationStore(redis);
  const claims = createClaims(store, createChanges(connected.subscriber, keys.cancel, onError), onError);

  const run = (claimed: Claimed) => runClaimed(options, claimed);
  const wakeNext = (id: OperationId) => wake({ store, lanes, onError }, id);
  const parts = { redis, concurrency: options.concurrency, claims, run, wake: wakeNext, onError };
  const workers = LANES.map((lane) => startLaneWorker(lane, parts));
  const sweeper = startSweeper(store, lanes, onError);

  return {
    async close() {
      claims.abandon();
      sweeper.stop();
      await Promise.all(workers.map((worker) => worker.close()));
      redis.disconnect();
    },
  };
}

async function runClaimed(options: JobsOptions, claimed: Claimed): Promise<Operation> {
  const { now, redact, onFailure } = options;
  const { operation } = claimed;
  const definition = options.definitions.find(({ kind }) => kind === operation.kind);
  if (definition) {
    const tools = { now, redact, sleep, ...(onFailure ? { report: onFailure } : {}) };
    return runOperation(definition, operation, claimed, tools);
  }
  const failure = storableFailure(unknownKind(operation), { leftBehind: [], nextCommands: [] }, redact);
  const ended = fail(start(operation, now()), failure, now());
  await claimed.save(ended);
  return ended;
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    // Ending early is what the signal is for; who sleeps looks at it.
    if (!signal.aborted) throw error;
  }
}

function unknownKind(operation: Operation): OpsError {
  return new OpsError({
    code: "unknown-version",
    userMessage: `This version of Creel does not know how to do "${operation.kind}".`,
    hint: "Run the version of Creel that took the command.",
  });
}
