import { Redis } from "ioredis";
import { onTestFinished } from "vitest";
import type { Actor } from "../../../src/core/actor.ts";
import type { OpsError } from "../../../src/core/errors.ts";
import type { OperationId } from "../../../src/core/names.ts";
import type { Operation } from "../../../src/core/operation.ts";
import type { Jobs } from "../../../src/jobs/jobs.ts";
import type { JobsOptions } from "../../../src/jobs/options.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../../../src/jobs/redis-process/embedded-redis.ts";
import type { RedisAddress } from "../../../src/jobs/store/connection.ts";
import type { OperationDefinition } from "../../../src/operations/definition.ts";
import { freePort } from "../../free-port.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { type OpenJobs, openRedisJobs } from "./open.ts";

export const root: Actor = { channel: "terminal", user: "root", roles: [], name: "root" };

export async function startRedis(stateDir?: string): Promise<EmbeddedRedis & { readonly restarts: OpsError[] }> {
  const restarts: OpsError[] = [];
  const redis = await startEmbeddedRedis({
    stateDir: stateDir ?? (await temporaryFolder()),
    onRestart: (error) => restarts.push(error),
    onFatal: (error) => restarts.push(error),
  });
  onTestFinished(() => redis.stop());
  return { ...redis, restarts };
}

/** A Redis on TCP with a user who may do nothing but what Creel needs on its own keys and channels; CONFIG and others are refused. */
export async function startShared() {
  const { socketPath } = await startRedis();
  const port = await freePort();
  const plain = plainRedis(socketPath);
  await plain.config("SET", "port", String(port));
  await plain.call(
    "ACL",
    "SETUSER",
    "creel",
    "on",
    ">correct-horse",
    "~creel:*",
    "&creel:*",
    "+@all",
    "-@admin",
    "+info",
  );
  return { socketPath, url: `redis://127.0.0.1:${port}` };
}

/** Must be called after `startRedis`, so that it is closed before Redis is stopped. */
export async function openJobs(
  at: string | RedisAddress,
  definitions: readonly OperationDefinition[],
  overrides: Partial<JobsOptions> = {},
): Promise<OpenJobs> {
  const jobs = await openRedisJobs(typeof at === "string" ? { socketPath: at } : at, definitions, {
    redact: (text) => text.replaceAll("hunter2-canary", "[redacted]"),
    concurrency: 8,
    ...overrides,
  });
  onTestFinished(() => jobs.close());
  return jobs;
}

export function plainRedis(socketPath: string): Redis {
  const redis = new Redis({ path: socketPath });
  redis.on("error", () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}

/** All records that a watcher sees, the ended one last. */
export async function watchToEnd(jobs: Jobs, id: OperationId, limitMs = 100_000): Promise<Operation[]> {
  const seen: Operation[] = [];
  for await (const operation of jobs.operations.watch(id, AbortSignal.timeout(limitMs))) seen.push(operation);
  return seen;
}

export async function endOf(jobs: Jobs, id: OperationId, limitMs?: number): Promise<Operation> {
  const last = (await watchToEnd(jobs, id, limitMs)).at(-1);
  if (!last?.endedAtMs) throw new Error(`${id} has not ended: ${JSON.stringify(last)}`);
  return last;
}

/** The first record for which `test` holds. */
export async function when(
  jobs: Jobs,
  id: OperationId,
  test: (operation: Operation) => boolean,
  limitMs = 60_000,
): Promise<Operation> {
  for await (const operation of jobs.operations.watch(id, AbortSignal.timeout(limitMs))) {
    if (test(operation)) return operation;
  }
  throw new Error(`${id} never was as expected`);
}
