import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { OpsError } from "../../../src/core/errors.ts";
import type { Json } from "../../../src/core/json.ts";
import { parseAgentName, parseOperationId } from "../../../src/core/names.ts";
import { failureFrom, stick } from "../../../src/core/operation.ts";
import { createOperationStore } from "../../../src/jobs/store/operation-store.ts";
import type { Standing } from "../../../src/operations/definition.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { definitions } from "./definitions.ts";
import { endOf, openJobs, plainRedis, root, startRedis, watchToEnd, when } from "./world.ts";

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
    const { events } = await jobs.audit.recent({ agent: ada, limit: 10 });
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

  it("is checked before it is asked for, by what is under way and by what is known here", async () => {
    const redis = await startRedis();
    const file = join(await temporaryFolder(), "a");
    const guarded = definitions.map((definition) => ({
      ...definition,
      check: async (_params: Json, standing: Standing) => {
        throw new OpsError({ code: "wrong-state", userMessage: JSON.stringify(standing) });
      },
    }));
    const jobs = await openJobs(redis.socketPath, guarded);
    const request = { kind: "write", params: { file, hold: true }, agent: ada, requestedBy: root };
    const refusal = (standing: Standing) => ({ code: "wrong-state", userMessage: JSON.stringify(standing) });
    const check = () => jobs.operations.check(request);
    await expect(check()).rejects.toMatchObject(refusal({ underWay: null, isUndoing: false, worksHere: false }));
    const { id } = await jobs.operations.enqueue(request);
    await expect(check()).rejects.toMatchObject(refusal({ underWay: "write", isUndoing: false, worksHere: false }));
    jobs.startWorkers();
    await expect(check()).rejects.toMatchObject(refusal({ underWay: "write", isUndoing: false, worksHere: true }));
    await writeFile(`${file}.go`, "");
    await endOf(jobs, id);
    await expect(check()).rejects.toMatchObject(refusal({ underWay: null, isUndoing: false, worksHere: true }));
  });

  it.each([
    ["of a kind that this Creel does not know", () => []],
    [
      "of a newer version than this Creel knows",
      () => definitions.map((definition) => ({ ...definition, version: definition.version - 1 })),
    ],
  ])("%s waits for a newer one and says so; its agent's next one waits behind it", async (_what, older) => {
    const { redis, jobs, request, written } = await setUp();
    const { id } = await request(ada, "a");
    const next = await request(ada, "a");
    const rolledBack = await openJobs(redis.socketPath, older());
    rolledBack.startWorkers();
    const waitingFor = "a newer Creel, which knows version 1 of write";
    await when(jobs, id, (operation) => operation.waitingFor === waitingFor);
    expect(await jobs.operations.get(next.id)).toMatchObject({ state: "queued" });
    await rolledBack.close();
    jobs.startWorkers();
    expect(await endOf(jobs, id)).toMatchObject({ state: "succeeded", waitingFor: null });
    expect((await endOf(jobs, next.id)).state).toBe("succeeded");
    expect((await written("a")).length).toBe(6);
  });

  it("that waits for a newer Creel can be cancelled", async () => {
    const { redis, jobs, request } = await setUp();
    const { id } = await request(ada, "a");
    const rolledBack = await openJobs(redis.socketPath, []);
    rolledBack.startWorkers();
    await when(jobs, id, ({ waitingFor }) => waitingFor !== null);
    expect(await jobs.operations.cancel(id)).toBe(true);
    expect((await endOf(jobs, id)).state).toBe("cancelled");
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
    const { events } = await jobs.audit.recent({ agent: ada, limit: 10 });
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
    expect(await written("a")).toEqual(["first", "hold", "undo"]);
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
    const { events } = await jobs.audit.recent({ agent: ada, limit: 10 });
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

it("what is stuck is never forgotten: it names what is left", async () => {
  const { redis, jobs, request } = await setUp();
  const [{ id }, other] = [await request(ada, "a"), await request(null, "b")];
  const store = createOperationStore(plainRedis(redis.socketPath));
  const claim = await store.claim(id, ada);
  if (claim.type !== "claimed") throw new Error("not claimed");
  const failure = failureFrom(new OpsError({ code: "cancelled", userMessage: "It was cancelled on request." }));
  await store.save(stick(claim.operation, failure, 2), claim.fence);
  await jobs.operations.cancel(other.id);
  await store.prune(0);
  expect((await jobs.operations.recent({ agent: null, limit: 10 })).map((one) => one.id)).toEqual([id]);
  expect(await jobs.operations.get(id)).toMatchObject({ state: "stuck" });
});

it("an operation that was claimed since it was read is not replaced, although its record is still the same", async () => {
  const { redis, request } = await setUp();
  const { id } = await request(ada, "a");
  const store = createOperationStore(plainRedis(redis.socketPath));
  const stored = await store.read(id);
  if (stored === null) throw new Error("not there");
  const claim = await store.claim(id, ada);
  expect(await store.replaceUnclaimed(stored, { ...stored.operation, state: "cancelled", endedAtMs: 1 })).toBeNull();
  expect(await store.read(id)).toMatchObject({ text: stored.text, operation: { state: "queued" } });
  if (claim.type !== "claimed") throw new Error("not claimed");
  await store.save({ ...claim.operation, state: "running" }, claim.fence);
});

it("of two that would replace the same record, which nobody has claimed, the second changes nothing", async () => {
  const { redis, request } = await setUp();
  const { id } = await request(ada, "a");
  const store = createOperationStore(plainRedis(redis.socketPath));
  const stored = await store.read(id);
  if (stored === null) throw new Error("not there");
  const behind = { ...stored.operation, waitingBehind: parseOperationId("0000000000000001") };
  expect(await store.replaceUnclaimed(stored, behind)).not.toBeNull();
  expect(await store.replaceUnclaimed(stored, { ...stored.operation, state: "cancelled", endedAtMs: 1 })).toBeNull();
  expect((await store.read(id))?.operation).toEqual(behind);
});
