import { join } from "node:path";
import type { Redis } from "ioredis";
import { expect, it } from "vitest";
import { parseAgentName } from "../../../src/core/names.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { definitions } from "./definitions.ts";
import { endOf, openJobs, plainRedis, root, startRedis } from "./world.ts";

/** Calls by command; those inside scripts and of BullMQ count as well. */
async function calls(redis: Redis): Promise<Map<string, number>> {
  const text = await redis.info("commandstats");
  return new Map(
    [...text.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)].map(([, name = "", count]) => [name, Number(count)]),
  );
}

it("an operation of three steps costs a bounded number of Redis commands", async () => {
  const { socketPath } = await startRedis();
  const jobs = await openJobs(socketPath, definitions);
  const plain = plainRedis(socketPath);
  const file = join(await temporaryFolder(), "a");
  const request = { kind: "write", params: { file, hold: false }, agent: parseAgentName("ada"), requestedBy: root };
  jobs.startWorkers();
  await endOf(jobs, (await jobs.operations.enqueue(request)).id);
  await plain.config("RESETSTAT");
  await endOf(jobs, (await jobs.operations.enqueue(request)).id);
  const counted = await calls(plain);
  const sent = ["evalsha", "hmget", "hget", "publish", "bzpopmin"].map((name) => [name, counted.get(name) ?? 0]);
  const total = [...counted.values()].reduce((sum, count) => sum + count, 0);
  console.log(`Redis commands of an operation with 3 steps: ${total} in all`, JSON.stringify(Object.fromEntries(sent)));
  expect(counted.get("evalsha")).toBeLessThanOrEqual(16);
  expect(total).toBeLessThanOrEqual(250);
});

it("with nothing to do, looks at no lane on which no operation ever was", async () => {
  const { socketPath } = await startRedis();
  const jobs = await openJobs(socketPath, definitions);
  const plain = plainRedis(socketPath);
  jobs.startWorkers();
  // Each sweep asks once which lanes there are.
  await expect
    .poll(async () => (await calls(plain)).get("smembers") ?? 0, { timeout: 60_000, interval: 200 })
    .toBeGreaterThan(1);
  expect((await calls(plain)).get("pttl") ?? 0).toBe(0);
}, 90_000);
