import type { OperationId } from "../../src/core/names.ts";
import type { Operation } from "../../src/core/operation.ts";
import type { RedisAddress } from "../../src/jobs/store/connection.ts";
import { openRedisJobs } from "../jobs/redis/open.ts";

const PATIENCE_MS = 180_000;

/** Sees records and runs nothing. The first record of an operation that fulfils the condition, from now on. */
export async function until(
  redis: RedisAddress,
  id: OperationId,
  condition: (operation: Operation) => boolean,
): Promise<Operation> {
  const jobs = await openRedisJobs(redis, []);
  try {
    for await (const operation of jobs.operations.watch(id, AbortSignal.timeout(PATIENCE_MS))) {
      if (condition(operation)) return operation;
    }
    throw new Error(`${id} did not get there.`);
  } finally {
    await jobs.close();
  }
}

/** True from the moment at which a step was started. */
export function hasReached(step: string): (operation: Operation) => boolean {
  return ({ steps }) => steps.some(({ name, state }) => name === step && state !== "pending");
}
