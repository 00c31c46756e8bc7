import { type ConnectedStore, connectStore } from "../../../src/jobs/connected-store.ts";
import type { RedisAddress } from "../../../src/jobs/connection.ts";
import { createJobs, type Jobs } from "../../../src/jobs/jobs.ts";
import type { JobsOptions } from "../../../src/jobs/options.ts";
import type { OperationDefinition } from "../../../src/operations/definition.ts";

export type OpenJobs = Jobs & ConnectedStore;

/** The store and its queue, as `main` puts them together. */
export async function openRedisJobs(
  address: RedisAddress,
  definitions: readonly OperationDefinition[],
  overrides: Partial<JobsOptions> = {},
): Promise<OpenJobs> {
  const options = {
    definitions,
    now: Date.now,
    random: Math.random,
    redact: (text: string) => text,
    concurrency: 4,
    onError: () => undefined,
    ...overrides,
  };
  const store = await connectStore(address, options.redact, options.onError);
  return { ...store, ...createJobs(store, options) };
}
