import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { parseAgentName } from "../../../src/core/names.ts";
import type { Operation } from "../../../src/core/operation.ts";
import type { Jobs } from "../../../src/jobs/jobs.ts";
import { keys } from "../../../src/jobs/store/keys.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { definitions } from "./definitions.ts";
import { endOf, openJobs, plainRedis, root, startRedis, watchToEnd, when } from "./world.ts";

const WORKER_PROCESS = fileURLToPath(new URL("./worker-process.ts", import.meta.url));
const ada = parseAgentName("ada");

async function setUp() {
  const redis = await startRedis();
  const file = join(await temporaryFolder(), "a");
  const jobs = await openJobs(redis.socketPath, definitions);
  return {
    redis,
    jobs,
    request: (hold = false) => requestWrite(jobs, file, hold),
    release: () => writeFile(`${file}.go`, ""),
    written: async () => (await readFile(file, "utf8")).trimEnd().split("\n"),
  };
}

function requestWrite(jobs: Jobs, file: string, hold: boolean): Promise<Operation> {
  return jobs.operations.enqueue({ kind: "write", params: { file, hold }, agent: ada, requestedBy: root });
}

async function startWorkerProcess(socketPath: string) {
  const child = spawn(process.execPath, [WORKER_PROCESS, socketPath], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  await once(child.stdout, "data");
  return { child, exited };
}

const isHolding = ({ steps }: Operation) => steps[1]?.detail === "holding";

it("a worker that is killed hands its operation to another one within 30 s, which repeats only the open step", async () => {
  const { redis, jobs, request, release, written } = await setUp();
  const { child, exited } = await startWorkerProcess(redis.socketPath);
  const operation = await request(true);
  await when(jobs, operation.id, isHolding);
  child.kill("SIGKILL");
  await exited;
  const killedMs = performance.now();
  await release();
  jobs.startWorkers();
  const ended = await endOf(jobs, operation.id);
  expect(performance.now() - killedMs).toBeLessThan(30_000);
  expect(ended).toMatchObject({ state: "succeeded", result: { firstPid: child.pid } });
  expect(await written()).toEqual(["first", "hold", "hold", "last"]);
});

it("whoever knows that all workers are dead takes their operations over at once", async () => {
  const { redis, jobs, request, release, written } = await setUp();
  const { child, exited } = await startWorkerProcess(redis.socketPath);
  const operation = await request(true);
  await when(jobs, operation.id, isHolding);
  child.kill("SIGKILL");
  await exited;
  await release();
  const lockKey = `creel:lane:here:${operation.id}:lock`;
  expect(await plainRedis(redis.socketPath).exists(lockKey)).toBe(1);
  await jobs.takeOver();
  expect(await plainRedis(redis.socketPath).exists(lockKey)).toBe(0);
  jobs.startWorkers();
  expect(await endOf(jobs, operation.id)).toMatchObject({ state: "succeeded", result: { firstPid: child.pid } });
  expect(await written()).toEqual(["first", "hold", "hold", "last"]);
});

it("a worker that hangs longer than its lock cannot write any more when it comes back", async () => {
  const { redis, jobs, request, release, written } = await setUp();
  const { child } = await startWorkerProcess(redis.socketPath);
  const operation = await request(true);
  await when(jobs, operation.id, isHolding);
  child.kill("SIGSTOP");
  await release();
  jobs.startWorkers();
  const ended = await endOf(jobs, operation.id);
  child.kill("SIGCONT");
  // Its own next operation shows that it is back and alive.
  await jobs.close();
  const again = await openJobs(redis.socketPath, definitions);
  const next = await requestWrite(again, join(await temporaryFolder(), "b"), false);
  expect((await endOf(again, next.id)).result).toEqual({ firstPid: child.pid });
  expect(await again.operations.get(operation.id)).toEqual(ended);
  expect(await written()).toEqual(["first", "hold", "hold", "last"]);
});

it("a worker that is stopped gives its operation back at once", async () => {
  const { redis, jobs, request, release } = await setUp();
  const { child, exited } = await startWorkerProcess(redis.socketPath);
  const operation = await request(true);
  await when(jobs, operation.id, isHolding);
  child.kill("SIGTERM");
  expect(await exited).toEqual([0, null]);
  expect(await jobs.operations.get(operation.id)).toMatchObject({ state: "running", failure: null });
  // Given back, not left to run out.
  expect(await plainRedis(redis.socketPath).exists(`creel:lane:here:${operation.id}:lock`)).toBe(0);
  await release();
  jobs.startWorkers();
  expect((await endOf(jobs, operation.id)).state).toBe("succeeded");
});

it("an operation whose delivery was lost is delivered again", async () => {
  const { redis, jobs, request } = await setUp();
  const operation = await request();
  const plain = plainRedis(redis.socketPath);
  await expect.poll(() => plain.exists(`creel:lane:here:${operation.id}`)).toBe(1);
  await plain.del(...(await plain.keys("creel:lane:here:*")));
  jobs.startWorkers();
  expect((await endOf(jobs, operation.id)).state).toBe("succeeded");
});

it("a turn that nobody can take any more does not block the agent", async () => {
  const { redis, jobs, request } = await setUp();
  const gone = await request();
  const plain = plainRedis(redis.socketPath);
  await plain.del(keys.operation(gone.id));
  const operation = await request();
  jobs.startWorkers();
  expect((await endOf(jobs, operation.id)).state).toBe("succeeded");
});

it("Redis may be killed while an operation runs: it goes on, its watcher sees the end, nothing acknowledged is lost", async () => {
  const { redis, jobs, request, release, written } = await setUp();
  jobs.startWorkers();
  const running = await request(true);
  await when(jobs, running.id, isHolding);
  const behind = await request();
  const watching = watchToEnd(jobs, running.id);
  const killed = redis.pid();
  if (killed === null) throw new Error("no Redis");
  process.kill(killed, "SIGKILL");
  await release();
  const seen = await watching;
  expect(seen.at(-1)?.state).toBe("succeeded");
  expect((await endOf(jobs, behind.id)).state).toBe("succeeded");
  expect(redis.pid()).not.toBe(killed);
  expect(redis.restarts.map(({ code }) => code)).toEqual(["store-unavailable"]);
  expect(await written()).toEqual(["first", "hold", "last", "first", "hold", "last"]);
});

it("every command acknowledged before Redis was killed is there afterwards, and those refused were not half done", async () => {
  const { redis, jobs } = await setUp();
  const folder = await temporaryFolder();
  const acknowledged: Operation[] = [];
  const refusals: unknown[] = [];
  const requests = Array.from({ length: 200 }, async (_, i) => {
    try {
      acknowledged.push(
        await jobs.operations.enqueue({
          kind: "write",
          params: { file: join(folder, String(i)), hold: false },
          agent: parseAgentName(`agent-${i % 20}`),
          requestedBy: root,
        }),
      );
      const pid = redis.pid();
      if (acknowledged.length === 50 && pid !== null) process.kill(pid, "SIGKILL");
    } catch (error) {
      refusals.push(error);
    }
  });
  await Promise.all(requests);
  expect(acknowledged.length).toBeGreaterThanOrEqual(50);
  for (const refusal of refusals) expect(refusal).toMatchObject({ code: "store-unavailable", retry: "later" });
  jobs.startWorkers();
  for (const { id } of acknowledged) expect((await endOf(jobs, id)).state).toBe("succeeded");
});

it("commands fail at once while Redis is away, and workers can be closed then", async () => {
  const redis = await startRedis();
  const jobs = await openJobs(redis.socketPath, definitions);
  jobs.startWorkers();
  await redis.stop();
  const refused = { code: "store-unavailable", retry: "later" };
  await expect(requestWrite(jobs, "/nowhere", false)).rejects.toMatchObject(refused);
  await expect(jobs.registry.list()).rejects.toMatchObject(refused);
  await expect(jobs.audit.recent({ agent: null, limit: 1 })).rejects.toMatchObject(refused);
  await jobs.close();
});
