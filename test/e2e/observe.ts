import type { OperationId } from "../../src/core/names.ts";
import type { Operation } from "../../src/core/operation.ts";
import type { RedisAddress } from "../../src/jobs/connection.ts";
import { createJobs, type Jobs } from "../../src/jobs/jobs.ts";

const PATIENCE_MS = 180_000;

/** A second pair of eyes on a Redis that Creel uses: sees records, runs nothing. */
async function observe(redis: RedisAddress): Promise<Jobs> {
  return await createJobs({
    redis,
    definitions: [],
    now: Date.now,
    random: Math.random,
    redact: (text) => text,
    concurrency: 1,
    onError: () => undefined,
  });
}

/** The first record of an operation that fulfils the condition, from now on. */
export async function until(
  redis: RedisAddress,
  id: OperationId,
  condition: (operation: Operation) => boolean,
): Promise<Operation> {
  const jobs = await observe(redis);
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
