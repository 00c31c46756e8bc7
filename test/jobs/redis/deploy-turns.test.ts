import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lanesOf } from "../../../src/core/lane.ts";
import { isEnded, type Operation } from "../../../src/core/operation.ts";
import { type EmbeddedRedis, startEmbeddedRedis } from "../../../src/jobs/redis-process/embedded-redis.ts";
import { deployOperation } from "../../../src/operations/deploy/deploy.ts";
import { filesWith } from "../../e2e/traces.ts";
import { ada, CANARY, createWorld } from "../../operations/world.ts";
import { type OpenJobs, openRedisJobs } from "./open.ts";

const stateDir = mkdtempSync(join(tmpdir(), "creel-turns-"));
// On the lane that the workers here serve.
const world = createWorld({ provider: { name: "here" } });
let redis: EmbeddedRedis;
let jobs: OpenJobs;

beforeAll(async () => {
  const fail = (error: unknown) => {
    throw error;
  };
  redis = await startEmbeddedRedis({ stateDir, onRestart: fail, onFatal: fail });
  jobs = await openRedisJobs({ socketPath: redis.socketPath }, [deployOperation(world.services)], {
    lanes: lanesOf(world.provider.name),
    onError: fail,
  });
  jobs.startWorkers();
});
afterAll(async () => {
  await jobs.close();
  await redis.stop();
  rmSync(stateDir, { recursive: true });
});

async function ended({ id }: Operation): Promise<Operation> {
  for await (const operation of jobs.operations.watch(id, AbortSignal.timeout(60_000))) {
    if (isEnded(operation)) return operation;
  }
  throw new Error(`${id} did not end.`);
}

it("of two deploys of one name at once makes one agent, and says so to the other", async () => {
  const request = {
    kind: "deploy",
    params: { name: "ada", provider: null, region: null, size: null },
    agent: ada,
    requestedBy: { channel: "terminal", user: "root", roles: [], name: "root" },
  } as const;
  const asked = await Promise.all([jobs.operations.enqueue(request), jobs.operations.enqueue(request)]);
  const outcomes = await Promise.all(asked.map(ended));
  expect(outcomes.map(({ state }) => state).toSorted()).toEqual(["failed", "succeeded"]);
  expect(outcomes.find(({ state }) => state === "failed")?.failure?.code).toBe("already-exists");
  expect(await world.provider.list()).toHaveLength(1);
  expect(world.provider.made()).toHaveLength(1);
});

it("has never told Redis the gateway's token", () => {
  expect(filesWith(stateDir, "ada").length).toBeGreaterThan(0);
  expect(filesWith(stateDir, CANARY)).toEqual([]);
});
