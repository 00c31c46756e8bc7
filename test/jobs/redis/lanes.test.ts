import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Queue } from "bullmq";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import type { Json } from "../../../src/core/json.ts";
import { parseAgentName } from "../../../src/core/names.ts";
import { createAttendance } from "../../../src/jobs/store/attendance.ts";
import { keys } from "../../../src/jobs/store/keys.ts";
import { defineOperation } from "../../../src/operations/definition.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { definitions } from "./definitions.ts";
import type { OpenJobs } from "./open.ts";
import { endOf, openJobs, plainRedis, root, startRedis, when } from "./world.ts";

const WORKER_PROCESS = fileURLToPath(new URL("./worker-process.ts", import.meta.url));
const ada = parseAgentName("ada");

/** Waits on the lane it is asked for on, until its first step has chosen `tied`. Its second step says which worker has done it. */
function placed(worker: string) {
  return defineOperation({
    kind: "placed",
    version: 1,
    params: z.object({ on: z.string(), tied: z.string().nullable() }),
    lane: async ({ on }, done) => z.string().catch(on).parse(done("choose")),
    steps: {
      choose: { title: "Choose", budgetMs: 60_000, output: z.string() },
      work: { title: "Work", budgetMs: 60_000, output: z.string() },
    },
    async run({ step }, { on, tied }): Promise<Json> {
      const chosen = await step("choose", async () => tied ?? on);
      if (chosen !== on && worker === "first") throw await new Promise(() => undefined);
      return await step("work", async () => worker);
    },
    undo: { steps: {}, run: async () => ({ leftBehind: [], nextCommands: [] }), left: () => [] },
  });
}

const open = (socketPath: string, worker: string, ...lanes: string[]) =>
  openJobs(socketPath, [placed(worker)], { lanes });
const ask = ({ operations }: OpenJobs, on: string, tied: string | null = null) =>
  operations.enqueue({ kind: "placed", params: { on, tied }, agent: null, requestedBy: root });

it("an operation is taken by who serves its lane, and by nobody else; until then it says for whom it waits", async () => {
  const { socketPath } = await startRedis();
  const bot = await open(socketPath, "bot");
  const here = await open(socketPath, "here", "local@here", "local");
  here.startWorkers();
  const asked = await ask(bot, "local@there");
  const waitingFor = "a worker at local@there; none runs there now";
  expect(asked).toMatchObject({ state: "queued", waitingFor });
  // Whoever serves other lanes has work of its own done meanwhile, and has not touched it.
  expect((await endOf(bot, (await ask(bot, "local")).id)).result).toBe("here");
  expect(await plainRedis(socketPath).hget(keys.operation(asked.id), "fence")).toBe("0");
  for (const each of [bot, here]) {
    expect(await each.operations.get(asked.id)).toMatchObject({ waitingFor });
    expect(await each.operations.recent({ agent: null, limit: 1 })).toMatchObject([{ state: "succeeded" }]);
  }
  await when(bot, asked.id, (operation) => operation.waitingFor === waitingFor);
  const there = await open(socketPath, "there", "local@there", "local");
  there.startWorkers();
  expect(await endOf(bot, asked.id)).toMatchObject({ result: "there", waitingFor: null });
});

it("a worker that is stopped is missed at once, and one that is killed before long", async () => {
  const { socketPath } = await startRedis();
  const bot = await openJobs(socketPath, definitions, { lanes: [] });
  const child = spawn(process.execPath, [WORKER_PROCESS, socketPath], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  await once(child.stdout, "data");
  const file = join(await temporaryFolder(), "a");
  const params = { file, hold: true };
  const { id } = await bot.operations.enqueue({ kind: "write", params, agent: ada, requestedBy: root });
  await when(bot, id, ({ steps, waitingFor }) => steps[1]?.detail === "holding" && waitingFor === null);
  child.kill("SIGKILL");
  await exited;
  const waiting = await when(bot, id, ({ waitingFor }) => waitingFor !== null, 60_000);
  // Not for this moment alone: it is in the middle of a step, and stays there.
  expect(waiting).toMatchObject({ state: "running", waitingFor: "a worker with the provider here; none runs now" });
  const next = await openJobs(socketPath, definitions);
  next.startWorkers();
  await when(bot, id, ({ waitingFor }) => waitingFor === null);
  await next.close();
  await when(bot, id, ({ state, waitingFor }) => state === "running" && waitingFor === waiting.waitingFor);
});

it("one that its steps have tied to another machine goes there when somebody else takes it up", async () => {
  const { socketPath } = await startRedis();
  const first = await open(socketPath, "first", "local");
  first.startWorkers();
  const { id } = await ask(first, "local", "local@there");
  await when(first, id, ({ steps }) => steps[0]?.state === "done");
  await first.close();
  const second = await open(socketPath, "second", "local@here", "local");
  second.startWorkers();
  await when(second, id, ({ waitingFor }) => waitingFor === "a worker at local@there; none runs there now");
  const there = await open(socketPath, "there", "local@there", "local");
  there.startWorkers();
  expect((await endOf(second, id)).result).toBe("there");
});

it("of two with the same provider either takes it; who takes all over finds what was in hand on every lane", async () => {
  const { socketPath } = await startRedis();
  const redis = plainRedis(socketPath);
  const bot = await open(socketPath, "bot");
  const ids: string[] = [];
  for (const lane of ["local", "local@here"]) {
    const { id } = await ask(bot, lane);
    const queue = `creel:lane:${lane}`;
    await expect.poll(() => redis.lrange(`${queue}:wait`, 0, -1)).toEqual([id]);
    await redis.lmove(`${queue}:wait`, `${queue}:active`, "RIGHT", "LEFT");
    await redis.set(`${queue}:${id}:lock`, "dead", "PX", 60_000);
    ids.push(id);
  }
  const here = await open(socketPath, "here", "local@here", "local");
  await here.takeOver();
  for (const [index, lane] of ["local", "local@here"].entries()) {
    expect(await redis.lrange(`creel:lane:${lane}:wait`, 0, -1)).toEqual([ids[index]]);
  }
});

it("a lane that there cannot be holds up nothing but its own", async () => {
  const { socketPath } = await startRedis();
  const redis = plainRedis(socketPath);
  const jobs = await open(socketPath, "here", "local");
  const broken = await ask(jobs, "local@nowhere");
  await redis.hset(keys.operation(broken.id), "lane", "no:lane");
  const { id } = await ask(jobs, "local");
  await expect.poll(() => redis.exists(`creel:lane:local:${id}`)).toBe(1);
  await redis.del(...(await redis.keys("creel:lane:local:*")));
  jobs.startWorkers();
  expect((await endOf(jobs, id)).state).toBe("succeeded");
});

/** As a Creel of before there were lanes of providers has left it. */
async function leftByOlder(state: "waiting" | "in hand" | "of a dead worker" | "undelivered") {
  const { socketPath } = await startRedis();
  const redis = plainRedis(socketPath);
  const jobs = await open(socketPath, "here", "local@here", "local");
  const { id } = await ask(jobs, "local");
  await expect.poll(() => redis.exists(`creel:lane:local:${id}`)).toBe(1);
  await redis.del(keys.lanes, ...(await redis.keys("creel:lane:*")));
  await redis.hset(keys.operation(id), "lane", "hosts");
  if (state !== "undelivered") {
    const queue = new Queue("hosts", { connection: redis, prefix: "creel", skipVersionCheck: true });
    await queue.add("operation", { operationId: id }, { jobId: id, removeOnComplete: true, removeOnFail: true });
  }
  if (state === "in hand" || state === "of a dead worker") {
    await redis.lmove("creel:hosts:wait", "creel:hosts:active", "RIGHT", "LEFT");
  }
  if (state === "in hand") await redis.set(`creel:hosts:${id}:lock`, "older", "PX", 6_000);
  return { redis, jobs, id };
}

it.each(["waiting", "of a dead worker", "undelivered"] as const)(
  "what an older Creel has left %s on its lanes is done",
  async (state) => {
    const { redis, jobs, id } = await leftByOlder(state);
    jobs.startWorkers();
    expect((await endOf(jobs, id)).result).toBe("here");
    expect(await redis.exists(`creel:hosts:${id}`)).toBe(0);
  },
);

it("what a worker of an older Creel has in hand is left to it until it lets go", async () => {
  const { redis, jobs, id } = await leftByOlder("in hand");
  jobs.startWorkers();
  let wasHeld = true;
  while (wasHeld) {
    const taken = await redis.hget(keys.operation(id), "fence");
    wasHeld = (await redis.exists(`creel:hosts:${id}:lock`)) === 1;
    if (wasHeld) expect(taken).toBe("0");
  }
  expect((await endOf(jobs, id)).result).toBe("here");
});

it("what an older Creel has left of a kind that this one does not know waits for one that does, and says so", async () => {
  const { redis, id } = await leftByOlder("waiting");
  const other = await openJobs(`${redis.options.path}`, [], { lanes: ["local"] });
  other.startWorkers();
  await when(other, id, ({ waitingFor }) => waitingFor === "a newer Creel, which knows version 1 of placed");
});

it("an announcement that cannot be read, or of a worker that is gone, is nobody's", async () => {
  const redis = plainRedis((await startRedis()).socketPath);
  let nowMs = 0;
  const attendance = createAttendance(redis, () => nowMs);
  await redis.hset(keys.workers, { a: '{"format":1,"lanes":["local"],"beat":1}', b: "{", c: '{"format":999}' });
  expect([...(await attendance.served())]).toEqual(["local"]);
  nowMs += 19_000;
  expect(await attendance.isServed("local")).toBe(true);
  await redis.hset(keys.workers, "a", '{"format":1,"lanes":["local"],"beat":2}');
  nowMs += 19_000;
  expect(await attendance.isServed("local")).toBe(true);
  nowMs += 20_000;
  expect(await attendance.isServed("local")).toBe(false);
  expect(await redis.hkeys(keys.workers)).toEqual([]);
});

it("workers end also while their Redis takes commands and answers none", async () => {
  const { socketPath } = await startRedis();
  const jobs = await openJobs(socketPath, []);
  jobs.startWorkers();
  await expect.poll(() => jobs.attendance.isServed("here")).toBe(true);
  await plainRedis(socketPath).call("CLIENT", "PAUSE", "600000", "ALL");
  await jobs.close();
});

it("a lane that is broken keeps no operation of others from its worker", async () => {
  const { socketPath } = await startRedis();
  const jobs = await openJobs(socketPath, [placed("here")]);
  const redis = plainRedis(socketPath);
  const ask = (on: string) =>
    jobs.operations.enqueue({ kind: "placed", params: { on, tied: null }, agent: null, requestedBy: root });
  const broken = await ask("broken");
  await redis.set("creel:lane:broken:completed", "not a set");
  const { id } = await ask("here");
  // Its delivery is lost, so that only the sweep can find it.
  const queue = new Queue("here", { connection: redis, prefix: "creel:lane" });
  await expect.poll(() => queue.getJobState(id)).toBe("waiting");
  await queue.remove(id);
  jobs.startWorkers();
  expect((await endOf(jobs, id)).state).toBe("succeeded");
  expect(await jobs.operations.get(broken.id)).toMatchObject({ state: "queued" });
});
