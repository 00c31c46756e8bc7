import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAgentName, parseOperationId } from "../../../src/core/names.ts";
import { createOperationStore } from "../../../src/jobs/store.ts";
import { definitions } from "./definitions.ts";
import { endOf, openJobs, plainRedis, root, startRedis, temporaryFolder, watchToEnd, when } from "./world.ts";

const ada = parseAgentName("ada");
const bob = parseAgentName("bob");

async function setUp() {
  const redis = await startRedis();
  const folder = await temporaryFolder();
  const jobs = await openJobs(redis.socketPath, definitions);
  const request = (agent: typeof ada | null, file: string, hold = false) =>
    jobs.operations.enqueue({ kind: "write", params: { file: join(folder, file), hold }, agent, requestedBy: root });
  const release = (file: string) => writeFile(join(folder, `${file}.go`), "");
  const written = async (file: string) => (await readFile(join(folder, file), "utf8")).trimEnd().split("\n");
  return { redis, folder, jobs, request, release, written };
}

describe("an operation", () => {
  it("runs to its end, is watched, listed and audited", async () => {
    const { jobs, request, written } = await setUp();
    jobs.startWorkers();
    const operation = await request(ada, "a");
    expect(operation).toMatchObject({ state: "queued", agent: "ada", kind: "write" });
    const seen = await watchToEnd(jobs, operation.id);
    expect(seen.at(-1)).toMatchObject({ state: "succeeded", result: { firstPid: process.pid } });
    expect(await written("a")).toEqual(["first", "hold", "last"]);
    expect(await jobs.operations.get(operation.id)).toEqual(seen.at(-1));
    const other = await request(bob, "b");
    await endOf(jobs, other.id);
    const ids = async (agent: typeof ada | null) =>
      (await jobs.operations.recent({ agent, limit: 10 })).map(({ id }) => id);
    expect(await ids(null)).toEqual([other.id, operation.id]);
    expect(await ids(ada)).toEqual([operation.id]);
    const events = await jobs.audit.recent({ agent: ada, limit: 10 });
    expect(events.map(({ what, operation: id }) => [what, id])).toEqual([
      ["succeeded", operation.id],
      ["started", operation.id],
      ["requested", operation.id],
    ]);
  });

  it("with unfit parameters or an unknown id is refused", async () => {
    const { jobs } = await setUp();
    const { operations } = jobs;
    const request = { kind: "write", params: { file: 7 }, agent: ada, requestedBy: root };
    await expect(operations.enqueue(request)).rejects.toMatchObject({ code: "input-invalid" });
    const id = parseOperationId("0000000000000000");
    await expect(operations.cancel(id)).rejects.toMatchObject({ code: "not-found" });
    await expect(watchToEnd(jobs, id)).rejects.toMatchObject({ code: "not-found" });
    expect(await operations.get(id)).toBeNull();
  });

  it("that nobody here knows fails clearly", async () => {
    const { redis, jobs, request } = await setUp();
    const operation = await request(ada, "a");
    const stranger = await openJobs(redis.socketPath, []);
    stranger.startWorkers();
    expect((await endOf(jobs, operation.id)).failure?.code).toBe("unknown-version");
  });

  it("leaves no secret in any key of Redis", async () => {
    const { redis, jobs } = await setUp();
    jobs.startWorkers();
    const request = { kind: "failing", params: null, agent: ada, requestedBy: root };
    const operation = await jobs.operations.enqueue(request);
    await jobs.audit.append({
      atMs: 1,
      actor: root,
      what: "refused",
      subject: "deploy",
      agent: null,
      operation: null,
      note: "typed hunter2-canary",
    });
    const ended = await endOf(jobs, operation.id);
    expect(ended.failure).toMatchObject({ userMessage: "The answer was [redacted].", evidence: ["[redacted]"] });
    const aof = join(redis.socketPath, "../appendonlydir/appendonly.aof.1.incr.aof");
    const appendOnly = await readFile(aof, "utf8");
    expect(appendOnly).toContain("The answer was [redacted]");
    expect(appendOnly).not.toContain("hunter2");
  });
});

describe("turns", () => {
  it("of one agent are taken in order, and the one that waits says behind what", async () => {
    const { jobs, request, release, written } = await setUp();
    jobs.startWorkers();
    const first = await request(ada, "a", true);
    const second = await request(ada, "b");
    const third = await request(ada, "c");
    await when(jobs, second.id, ({ waitingBehind }) => waitingBehind === first.id);
    await expect(written("b")).rejects.toThrow("ENOENT");
    await release("a");
    const ends = await Promise.all([first, second, third].map(({ id }) => endOf(jobs, id)));
    expect(ends.map(({ state }) => state)).toEqual(["succeeded", "succeeded", "succeeded"]);
    const [one, two, three] = ends;
    expect(one?.endedAtMs).toBeLessThanOrEqual(two?.startedAtMs ?? 0);
    expect(two?.endedAtMs).toBeLessThanOrEqual(three?.startedAtMs ?? 0);
    expect(two?.waitingBehind).toBeNull();
  });

  it("of different agents do not wait for each other", async () => {
    const { jobs, request, release } = await setUp();
    jobs.startWorkers();
    const held = await request(ada, "a", true);
    await when(jobs, held.id, ({ state }) => state === "running");
    const other = await request(bob, "b");
    expect((await endOf(jobs, other.id)).state).toBe("succeeded");
    expect((await jobs.operations.get(held.id))?.state).toBe("running");
    await release("a");
    await endOf(jobs, held.id);
  });
});

describe("cancelling", () => {
  it("what nobody has begun with ends it without a worker, and gives its turn away", async () => {
    const { jobs, request } = await setUp();
    const first = await request(ada, "a");
    const second = await request(ada, "b");
    expect(await jobs.operations.cancel(first.id)).toBe(true);
    expect(await jobs.operations.get(first.id)).toMatchObject({ state: "cancelled", failure: { code: "cancelled" } });
    expect(await jobs.operations.cancel(first.id)).toBe(false);
    jobs.startWorkers();
    expect((await endOf(jobs, second.id)).state).toBe("succeeded");
    const events = await jobs.audit.recent({ agent: ada, limit: 10 });
    expect(events.filter(({ operation }) => operation === first.id).map(({ what }) => what)).toEqual([
      "cancelled",
      "requested",
    ]);
  });

  it("what waits for its turn leaves the one in front alone", async () => {
    const { jobs, request, release } = await setUp();
    jobs.startWorkers();
    const first = await request(ada, "a", true);
    const second = await request(ada, "b");
    await when(jobs, second.id, ({ waitingBehind }) => waitingBehind === first.id);
    expect(await jobs.operations.cancel(second.id)).toBe(true);
    expect((await endOf(jobs, second.id)).state).toBe("cancelled");
    await release("a");
    expect((await endOf(jobs, first.id)).state).toBe("succeeded");
  });

  it("what runs, possibly in another process, stops it and cleans up", async () => {
    const { redis, jobs, request, written } = await setUp();
    const worker = await openJobs(redis.socketPath, definitions);
    worker.startWorkers();
    const operation = await request(ada, "a", true);
    await when(jobs, operation.id, ({ steps }) => steps[1]?.state === "running");
    expect(await jobs.operations.cancel(operation.id)).toBe(true);
    const ended = await endOf(jobs, operation.id);
    expect(ended).toMatchObject({ state: "cancelled", failure: { code: "cancelled" } });
    expect(await written("a")).toEqual(["first", "hold", "cleanup"]);
  });
});

describe("the right to write", () => {
  it("belongs to the newest claim alone", async () => {
    const { redis, request } = await setUp();
    const { id } = await request(ada, "a");
    const store = createOperationStore(plainRedis(redis.socketPath));
    const old = await store.claim(id, ada);
    const fresh = await store.claim(id, ada);
    if (old.type !== "claimed" || fresh.type !== "claimed") throw new Error("not claimed");
    await expect(store.save({ ...old.operation, state: "running" }, old.fence)).rejects.toMatchObject({
      code: "superseded",
    });
    expect((await store.read(id))?.operation.state).toBe("queued");
    await store.save({ ...fresh.operation, state: "running" }, fresh.fence);
    expect((await store.read(id))?.operation.state).toBe("running");
  });

  it("ends with the operation, and saving the same end again is success", async () => {
    const { redis, jobs, request } = await setUp();
    const { id } = await request(ada, "a");
    const store = createOperationStore(plainRedis(redis.socketPath));
    const claim = await store.claim(id, ada);
    if (claim.type !== "claimed") throw new Error("not claimed");
    const end = { ...claim.operation, state: "succeeded" as const, startedAtMs: 1, endedAtMs: 2 };
    await store.save(end, claim.fence);
    await store.save(end, claim.fence);
    await expect(store.save({ ...end, state: "failed" }, claim.fence)).rejects.toMatchObject({ code: "superseded" });
    expect(await store.claim(id, ada)).toEqual({ type: "over" });
    const events = await jobs.audit.recent({ agent: ada, limit: 10 });
    expect(events.map(({ what }) => what)).toEqual(["succeeded", "started", "requested"]);
  });
});

it("old ended operations are forgotten, open ones never", async () => {
  const { redis, jobs, request } = await setUp();
  const open = await request(null, "open");
  const ended = [await request(ada, "a"), await request(ada, "b"), await request(ada, "c")];
  for (const { id } of ended) await jobs.operations.cancel(id);
  const store = createOperationStore(plainRedis(redis.socketPath));
  await store.prune(1);
  const left = await jobs.operations.recent({ agent: null, limit: 10 });
  expect(left.map(({ id }) => id)).toEqual([ended[2]?.id, open.id]);
  expect((await jobs.operations.recent({ agent: ada, limit: 10 })).map(({ id }) => id)).toEqual([ended[2]?.id]);
});
