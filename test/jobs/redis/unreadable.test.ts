import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { Agent } from "../../../src/core/agent.ts";
import { NOTHING_KEPT } from "../../../src/core/agent-settings.ts";
import { makeOperationId, parseAgentName } from "../../../src/core/names.ts";
import { createOperationStore } from "../../../src/jobs/store/operation-store.ts";
import { FORMAT } from "../../../src/jobs/store/record.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { definitions } from "./definitions.ts";
import { endOf, openJobs, plainRedis, root, startRedis, watchToEnd, when } from "./world.ts";

const [ada, bob] = [parseAgentName("ada"), parseAgentName("bob")];
const agent = (name: typeof ada): Agent => ({
  ...{ name, state: "serving", provider: "local", host: null, createdAtMs: 1 },
  lastOperation: makeOperationId(1, () => 0),
  settings: NOTHING_KEPT,
});

async function setUp() {
  const { socketPath } = await startRedis();
  const errors: unknown[] = [];
  const jobs = await openJobs(socketPath, definitions, { onError: (error) => errors.push(error) });
  const folder = await temporaryFolder();
  const request = (of: typeof ada | null, file: string, hold = false) =>
    jobs.operations.enqueue({
      kind: "write",
      params: { file: join(folder, file), hold },
      agent: of,
      requestedBy: root,
    });
  const written = async (file: string) => (await readFile(join(folder, file), "utf8").catch(() => "")).split("\n");
  return { jobs, redis: plainRedis(socketPath), errors, folder, request, written };
}

const BROKEN = ['{"name"', "", "null", "[]", "7", '"text"', "{}", '{"name":"bob","state":"flying"}', "\0".repeat(4096)];

it.each(BROKEN)(
  "an agent's record that is %j is left out of the list, named, and told when it is asked for",
  async (text) => {
    const { jobs, redis } = await setUp();
    await jobs.registry.put(agent(ada));
    await redis.hset("creel:agents", "bob", text);
    expect((await jobs.registry.list()).map(({ name }) => name)).toEqual(["ada"]);
    const unreadable = [{ kind: "agent", name: "bob", why: "broken" }];
    expect(await jobs.registry.unreadable()).toEqual(unreadable);
    expect(await jobs.unreadable()).toEqual(unreadable);
    await expect(jobs.registry.get(bob)).rejects.toMatchObject({
      code: "internal",
      userMessage: "The record of agent bob cannot be read.",
      hint: expect.stringContaining("creel adopt"),
    });
    await jobs.registry.put(agent(bob));
    expect(await jobs.registry.unreadable()).toEqual([]);
  },
);

it("an agent under another's name is not taken for it", async () => {
  const { jobs, redis } = await setUp();
  await redis.hset("creel:agents", "bob", JSON.stringify(agent(ada)));
  expect(await jobs.registry.list()).toEqual([]);
  expect(await jobs.registry.unreadable()).toMatchObject([{ name: "bob", why: "broken" }]);
});

it("what a newer Creel wrote is recognised, and neither overwritten nor removed", async () => {
  const { jobs, redis, request } = await setUp();
  jobs.startWorkers();
  const newer = `{"format":${FORMAT + 1},"name":"bob","shape":"of the future"}`;
  await redis.hset("creel:agents", "bob", newer);
  const refused = { code: "unknown-version", userMessage: expect.stringContaining("newer Creel") };
  await expect(jobs.registry.get(bob)).rejects.toMatchObject(refused);
  await expect(jobs.registry.put(agent(bob))).rejects.toMatchObject(refused);
  await expect(jobs.registry.remove(bob)).rejects.toMatchObject(refused);
  expect(await redis.hget("creel:agents", "bob")).toBe(newer);

  await redis.set("creel:memory:follow:x", newer);
  await expect(jobs.memory.get("follow:x")).rejects.toMatchObject(refused);
  await expect(jobs.memory.put("follow:x", 1, 1000)).rejects.toMatchObject(refused);
  await jobs.memory.remove("follow:x");
  expect(await redis.get("creel:memory:follow:x")).toBe(newer);

  await redis.xadd("creel:audit", "*", "event", newer);
  const id = makeOperationId(Date.now(), Math.random);
  await redis.hset(`creel:operation:${id}`, "record", newer, "lane", "hosts", "fence", "0");
  await redis.zadd("creel:open", 1, id);
  await redis.zadd("creel:index", 1, id);
  await redis.rpush("creel:turns:bob", id);
  // Of another agent, all goes on; of this one, nothing until the newer Creel is back.
  expect((await endOf(jobs, (await request(ada, "a")).id)).state).toBe("succeeded");
  const waiting = await request(bob, "b");
  await when(jobs, waiting.id, ({ waitingBehind }) => waitingBehind === id);
  await expect(jobs.operations.cancel(id)).rejects.toMatchObject(refused);
  await redis.hset(`creel:operation:${id}`, "ended", 1);
  await createOperationStore(redis).prune(0);
  expect(await redis.hgetall(`creel:operation:${id}`)).toMatchObject({ record: newer, fence: "0" });
  expect(await jobs.unreadable()).toMatchObject([
    { kind: "agent", name: "bob", why: "newer" },
    { kind: "event", why: "newer" },
    { kind: "note", name: "creel:memory:follow:x", why: "newer" },
    { kind: "operation", name: id, why: "newer" },
  ]);
});

it.each(BROKEN)("an operation whose record is %j gives its turn away, and lists go on without it", async (text) => {
  const { jobs, redis, errors, request, written } = await setUp();
  const broken = await request(bob, "broken");
  const next = await request(bob, "next");
  await redis.hset(`creel:operation:${broken.id}`, "record", text);
  expect((await jobs.operations.recent({ agent: null, limit: 10 })).map(({ id }) => id)).toEqual([next.id]);
  jobs.startWorkers();
  expect((await endOf(jobs, next.id)).state).toBe("succeeded");
  expect(await written("broken")).toEqual([""]);
  expect(errors).toContainEqual(expect.objectContaining({ userMessage: expect.stringContaining(broken.id) }));
  expect(await jobs.unreadable()).toEqual([{ kind: "operation", name: broken.id, why: "broken" }]);
  await expect(watchToEnd(jobs, broken.id)).rejects.toMatchObject({ code: "internal" });
  // It can be forgotten like any other.
  await createOperationStore(redis).prune(0);
  expect(await jobs.unreadable()).toEqual([]);
});

it("a record that breaks while its operation runs is written anew by its end", async () => {
  const { jobs, redis, folder, request } = await setUp();
  jobs.startWorkers();
  const { id } = await request(bob, "held", true);
  await when(jobs, id, ({ steps }) => steps[1]?.state === "running");
  await redis.hset(`creel:operation:${id}`, "record", "{");
  const next = await request(bob, "next");
  await writeFile(join(folder, "held.go"), "");
  expect((await endOf(jobs, next.id)).state).toBe("succeeded");
  expect(await jobs.operations.get(id)).toMatchObject({ state: "succeeded" });
});

it("keys that hold something else are named, and stop nothing that does not need them", async () => {
  const { jobs, redis, request } = await setUp();
  jobs.startWorkers();
  const { id } = await request(bob, "bob", true);
  await when(jobs, id, ({ state }) => state === "running");
  const others = [
    "creel:audit",
    "creel:agents",
    "creel:memory:x",
    "creel:rate:x",
    "creel:untold:discord",
    "creel:turns:eve",
  ];
  for (const key of others) {
    await redis.del(key);
    if (key.includes("memory") || key.includes("rate")) await redis.rpush(key, "x");
    else await redis.set(key, "x");
  }
  await redis.del(`creel:operation:${id}`);
  await redis.set(`creel:operation:${id}`, "x");
  expect((await endOf(jobs, (await request(ada, "ada")).id)).state).toBe("succeeded");
  expect((await endOf(jobs, (await request(bob, "next")).id)).state).toBe("succeeded");
  expect(await jobs.registry.list()).toEqual([]);
  expect(await jobs.registry.unreadable()).toMatchObject([{ kind: "key", name: "creel:agents" }]);
  expect(await jobs.memory.get("x")).toBeNull();
  await jobs.memory.put("x", "new", 60_000);
  expect(await jobs.memory.get("x")).toBe("new");
  expect(await jobs.limiter.take("x", 1, 60_000)).toBe(0);
  const named = (await jobs.unreadable()).map(({ kind, name }) => `${kind} ${name}`);
  expect(named).toEqual([
    "key creel:agents",
    "key creel:audit",
    `key creel:operation:${id}`,
    "key creel:turns:eve",
    "key creel:untold:discord",
  ]);
  // Nothing half-way: a command that needs such a key is refused before anything is written.
  const before = await redis.dbsize();
  await expect(request(parseAgentName("eve"), "eve")).rejects.toMatchObject({ code: "internal" });
  expect(await redis.dbsize()).toBe(before);
});

it("events that cannot be read are left out of the history and counted", async () => {
  const { jobs, redis, request } = await setUp();
  await request(ada, "a");
  for (const text of ["{", "{}"]) await redis.xadd("creel:audit", "*", "event", text);
  await redis.xadd("creel:audit", "*", "other", "field");
  await request(bob, "b");
  const { events, unreadable } = await jobs.audit.recent({ agent: null, limit: 10 });
  expect(events.map(({ agent: of }) => of)).toEqual(["bob", "ada"]);
  expect(unreadable).toHaveLength(3);
});

it("notes of chats of before records had formats are read, and broken ones count as none", async () => {
  const { jobs, redis } = await setUp();
  for (const [text, value] of [
    ['{"begun":1}', { begun: 1 }],
    ['"2026-11-21"', "2026-11-21"],
    ["{", null],
  ] as const) {
    await redis.set("creel:memory:x", text);
    expect(await jobs.memory.get("x")).toEqual(value);
  }
});
