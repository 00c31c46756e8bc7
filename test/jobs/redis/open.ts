import { createJobs, type Jobs } from "../../../src/jobs/jobs.ts";
import type { JobsOptions } from "../../../src/jobs/options.ts";
import { type ConnectedStore, connectStore } from "../../../src/jobs/store/connected-store.ts";
import type { RedisAddress } from "../../../src/jobs/store/connection.ts";
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
    lanes: ["here", "here/images"],
    onError: () => undefined,
    ...overrides,
  };
  const store = await connectStore(address, options.redact, options.onError);
  return { ...store, ...createJobs(store, options) };
}
