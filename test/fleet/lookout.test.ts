import { expect, it, onTestFinished, vi } from "vitest";
import type { MemoryProviderOptions } from "../../services/provider/memory.ts";
import { lookAt } from "../../src/channels/render/actions.ts";
import { renderConcern } from "../../src/channels/render/care.ts";
import type { Concerns } from "../../src/core/concern.ts";
import { lanesOf } from "../../src/core/lane.ts";
import type { Held } from "../../src/core/lease.ts";
import { type AgentName, makeOperationId, parseAgentName } from "../../src/core/names.ts";
import { newOperation, type Operation, resume, stick } from "../../src/core/operation.ts";
import type { Sights } from "../../src/core/sight.ts";
import { giveDigest } from "../../src/fleet/digest.ts";
import { readLogs } from "../../src/fleet/inspect.ts";
import { type LookoutParts, watchProvider, watchStore } from "../../src/fleet/lookout.ts";
import { wakeHosts } from "../../src/fleet/wake.ts";
import { deployOperation } from "../../src/operations/deploy/deploy.ts";
import { providers } from "../../src/questions/offers.ts";
import { showStatus } from "../../src/questions/status/show.ts";
import { statuses } from "../../src/questions/status/status.ts";
import { owner } from "../desk/world.ts";
import { memoryRegistry } from "../memory-registry.ts";
import { createMemoryLeases, createMemoryWatched } from "../memory-watched.ts";
import { ask, run } from "../operations/crash-points.ts";
import { createWorld } from "../operations/world.ts";

const ada = parseAgentName("ada");
const bob = parseAgentName("bob");
const operations = { get: async () => null, recent: async () => [] };

function operationOf(kind: string, agent: AgentName | null, atMs = 0): Operation {
  const id = makeOperationId(atMs, () => 0);
  return newOperation({ id, kind, version: 1, params: {}, agent, requestedBy: owner, steps: [] }, atMs);
}

/** Asked for at 1 s. */
function stuckOne(kind: string, agent: AgentName | null): Operation {
  const failure = { code: "provider-failed", userMessage: "It refuses.", hint: null, evidence: [] } as const;
  return stick(
    operationOf(kind, agent, 1_000),
    { ...failure, leftBehind: ["The host may exist."], nextCommands: [] },
    1_500,
  );
}

/** A store that several machines share. */
function createStore() {
  const leases = createMemoryLeases();
  const watched = createMemoryWatched(leases);
  const served = new Set<string>();
  const elsewhere = { served: async () => new Set(served), sights: () => watched.sights.all() };
  return { ...watched, leases, served, elsewhere, registry: memoryRegistry(), nowMs: 0 };
}
type Store = ReturnType<typeof createStore>;

/** One of them, with hosts of its own. */
function createMachine(store: Store, name: string, faults: MemoryProviderOptions["faults"] = () => undefined) {
  const world = createWorld({ provider: { name: `local@${name}`, faults }, elsewhere: store.elsewhere });
  const services = { ...world.services, registry: store.registry };
  for (const lane of lanesOf(`local@${name}`)) store.served.add(lane);
  const parts: LookoutParts = { ...store, services, operations, now: () => store.nowMs };
  return {
    ...{ services, provider: world.provider, gateway: world.gateway, parts },
    async deploy(agent: AgentName) {
      const definition = deployOperation(services);
      const request = { name: agent, provider: null, region: null, size: null };
      const { record } = await run(definition, ask(definition, request, agent));
      expect(record.state).toBe("succeeded");
    },
    watch: (held: Held) => watchProvider(parts, world.provider, held),
    watchStore: (held: Held) => watchStore(parts, held),
  };
}

/** Has the lease, and keeps it. */
function hold({ leases }: Store, name: string): Promise<Held> {
  return new Promise((resolve) => {
    const work = (held: Held) => new Promise<never>(() => resolve(held));
    void leases.join().keep(name, work, new AbortController().signal);
  });
}

const keysOf = async (concerns: Concerns) => (await concerns.all()).map(({ concern }) => concern.key).sort();
const seenIn = async (sights: Sights) =>
  (await sights.all()).map(({ agents }) => agents.map(({ agent }) => agent.name));

it("each machine's watcher looks at what is its own, and at nothing else", async () => {
  const store = createStore();
  const [mine, yours] = [createMachine(store, "mine"), createMachine(store, "yours")];
  await mine.deploy(ada);
  await yours.deploy(bob);
  const watches = [
    mine.watch(await hold(store, "watch:local@mine")),
    yours.watch(await hold(store, "watch:local@yours")),
  ];
  for (let looks = 0; looks < 4; looks += 1) for (const watch of watches) await watch.look();
  expect(await keysOf(store.concerns)).toEqual([]);
  expect(await seenIn(store.sights)).toEqual([["ada"], ["bob"]]);
  const [host] = await yours.provider.list();
  if (host === undefined) throw new Error("There is no host.");
  yours.provider.powerOff(host.name);
  for (let looks = 0; looks < 2; looks += 1) for (const watch of watches) await watch.look();
  expect(await store.concerns.all()).toMatchObject([{ concern: { key: "agent:bob" }, scope: "watch:local@yours" }]);
});

it("a look that sees no agents does not pass for one that did", async () => {
  const store = createStore();
  const machine = createMachine(store, "mine");
  await machine.deploy(ada);
  const held = await hold(store, "watch:local@mine");
  let isAway = false;
  const registry = {
    ...store.registry,
    list: async () => (isAway ? Promise.reject(new Error("away")) : store.registry.list()),
  };
  const watch = watchProvider(
    { ...machine.parts, services: { ...machine.services, registry } },
    machine.provider,
    held,
  );
  await watch.look();
  isAway = true;
  store.nowMs = 60_000;
  await expect(watch.look()).rejects.toThrow("away");
  expect(await store.sights.all()).toMatchObject([{ atMs: 0 }]);
});

it("who watches next goes on from what stands: it is over when it is, and is not raised again", async () => {
  const store = createStore();
  const machine = createMachine(store, "mine");
  await machine.deploy(ada);
  const [host] = await machine.provider.list();
  if (host === undefined) throw new Error("There is no host.");
  machine.provider.powerOff(host.name);
  const dying = store.leases.join();
  const held = await new Promise<Held>((resolve) => {
    const work = (one: Held) => new Promise<never>(() => resolve(one));
    void dying.keep("watch:local@mine", work, new AbortController().signal);
  });
  const old = machine.watch(held);
  await old.look();
  await old.look();
  const [before] = await store.concerns.all();
  expect(before).toMatchObject({ concern: { key: "agent:ada", type: "host-down" } });

  dying.die();
  const next = machine.watch(await hold(store, "watch:local@mine"));
  await next.look();
  expect(await store.concerns.all()).toEqual([before]);
  // The one before hangs no more; it has lost the right to say anything.
  await machine.provider.start(host.name);
  await expect(old.look()).rejects.toMatchObject({ code: "superseded" });
  expect(await store.concerns.all()).toEqual([before]);
  await next.look();
  expect(await keysOf(store.concerns)).toEqual([]);
});

it("agents that nobody can look after are named, until somebody can; what is over for good is forgotten", async () => {
  const store = createStore();
  const [mine, yours] = [createMachine(store, "mine"), createMachine(store, "yours")];
  await mine.deploy(ada);
  await yours.deploy(bob);
  const watch = mine.watchStore(await hold(store, "watch:"));
  await watch.look();
  for (const lane of lanesOf("local@yours")) store.served.delete(lane);
  for (const lane of lanesOf("local@mine")) store.served.add(lane);
  // A worker that is just being restarted is no news.
  await watch.look();
  expect(await keysOf(store.concerns)).toEqual([]);
  await watch.look();
  expect(await store.concerns.all()).toMatchObject([
    { concern: { type: "unwatched", provider: "local@yours", agents: ["bob"] }, scope: "watch:" },
  ]);
  store.served.add("local@yours");
  await watch.look();
  expect(await keysOf(store.concerns)).toEqual([]);

  const gone = {
    key: "agent:kim",
    severity: "person",
    agent: parseAgentName("kim"),
    type: "silent",
    note: null,
  } as const;
  await store.concerns.raise(gone, await hold(store, "watch:local@gone"));
  await watch.look();
  expect(await keysOf(store.concerns)).toEqual([]);
});

it("what is stuck is told and shown of its agent, also when it has not noted itself there, and until it goes on", async () => {
  const store = createStore();
  const machine = createMachine(store, "mine");
  await machine.deploy(ada);
  const deploy: Operation = { ...operationOf("deploy", ada), state: "succeeded" };
  const records = [deploy];
  const operations = { get: async () => deploy, recent: async () => records.toReversed() };
  const watch = watchProvider(
    { ...machine.parts, operations },
    machine.provider,
    await hold(store, "watch:local@mine"),
  );
  const seen = async () => {
    const { agents } = await statuses(
      { services: machine.services, operations: operations as never, now: () => 0 },
      ada,
    );
    return showStatus(agents, lookAt(0));
  };
  await watch.look();
  expect(await keysOf(store.concerns)).toEqual([]);
  const stuck = stuckOne("note", ada);
  records.push(stuck);
  await watch.look();
  expect(await keysOf(store.concerns)).toEqual([`stuck:${stuck.id}`]);
  expect(await seen()).toMatchObject({ title: "ada is stuck.", tone: "bad" });
  expect((await seen()).actions.map(({ does }) => does)).toContainEqual({
    type: "command",
    line: `/retry operation:${stuck.id}`,
  });

  records.splice(1, 1, resume(stuck, 2_000));
  await watch.look();
  expect(await keysOf(store.concerns)).toEqual([`stuck:${stuck.id}`]);
  expect(await seen()).toMatchObject({ title: "ada is being cleaned up.", tone: "plain" });
  records.splice(1, 1, { ...stuck, state: "failed" });
  await watch.look();
  expect(await keysOf(store.concerns)).toEqual([]);
  expect(await seen()).toMatchObject({ title: "ada is ready.", tone: "good" });
  // What was done with the agent since counts for more.
  records.splice(0, 2, stuck, { ...deploy, requestedAtMs: 5_000 });
  const since = { ...operations, get: async () => records[1] ?? null } as never;
  const { agents } = await statuses({ services: machine.services, operations: since, now: () => 0 }, ada);
  expect(showStatus(agents, lookAt(0)).tone).toBe("good");
});

it.each([
  ["of no agent", "image-build", null, "Cleaning up after the build of the image is stuck."],
  ["of one that is in the list no more", "deploy", ada, "Cleaning up after the deploy of ada is stuck."],
] as const)("what is stuck and %s is told as well, until it goes on to its end", async (_, kind, agent, title) => {
  const store = createStore();
  const machine = createMachine(store, "mine");
  const stuck = stuckOne(kind, agent);
  let records = [stuck];
  const operations = { get: async () => records[0] ?? null, recent: async () => records };
  const watch = watchStore({ ...machine.parts, operations }, await hold(store, "watch:"));
  await watch.look();
  const [standing] = await store.concerns.all();
  expect(standing).toMatchObject({ concern: { key: `stuck:${stuck.id}`, note: "The host may exist." } });
  const told = standing && renderConcern(standing.concern);
  expect(told).toMatchObject({ title, tone: "bad" });
  expect(told?.actions.map(({ does }) => does)).toEqual([{ type: "command", line: `/retry operation:${stuck.id}` }]);

  // Whatever was asked for since, it is stuck as long as its record says so.
  records = [];
  const still = watchStore(
    { ...machine.parts, operations: { ...operations, get: async () => stuck } },
    await hold(store, "watch:2"),
  );
  await still.look();
  expect(await keysOf(store.concerns)).toEqual([`stuck:${stuck.id}`]);
  records = [resume(stuck, 2_000)];
  await watch.look();
  expect(await keysOf(store.concerns)).toEqual([`stuck:${stuck.id}`]);
  records = [{ ...stuck, state: "failed" }];
  await watch.look();
  expect(await keysOf(store.concerns)).toEqual([]);
});

it("a provider that never answers holds up no look, nor whoever asks", async () => {
  const store = createStore();
  const silent = new Set<string>();
  const faults = (call: string) => (silent.has(call) ? new Promise<never>(() => undefined) : undefined);
  const machine = createMachine(store, "mine", faults);
  await machine.deploy(ada);
  const watch = machine.watch(await hold(store, "watch:local@mine"));
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const inTheEnd = async <T>(asked: Promise<T>) => {
    const settled = asked.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(60_000);
    return await settled;
  };
  const sources = { services: machine.services, operations: operations as never, now: () => 0 };
  silent.add("find");
  const late = "local@mine did not answer within 20 s.";
  expect(await inTheEnd(statuses(sources, ada))).toMatchObject({ agents: [{ host: "unknown", note: late }] });
  await expect(inTheEnd(readLogs(machine.services, ada, 5))).resolves.toMatchObject({ userMessage: late });
  for (let looks = 0; looks < 3; looks += 1) await inTheEnd(watch.look());
  expect(await keysOf(store.concerns)).toEqual(["agent:ada"]);
  silent.add("list");
  expect(await inTheEnd(watch.look())).toMatchObject({ code: "timed-out", userMessage: late });
});

it("who cannot reach an agent says how its watcher saw it, or for whom it takes to ask", async () => {
  const store = createStore();
  const [mine, bot] = [createMachine(store, "mine"), createMachine(store, "bot")];
  for (const lane of ["local@bot", "local@bot/images"]) store.served.delete(lane);
  await mine.deploy(ada);
  const asked = async () => {
    const sources = { services: bot.services, operations: operations as never, now: () => store.nowMs };
    const { agents } = await statuses(sources, ada);
    return agents[0];
  };
  expect(await asked()).toMatchObject({ host: "unknown", note: "Its watcher has not looked at it yet." });
  await mine.watch(await hold(store, "watch:local@mine")).look();
  expect(await asked()).toMatchObject({ host: "running", gateway: "ready", note: null, lastOperation: null });
  store.nowMs += 3 * 60 * 60_000;
  expect(await asked()).toMatchObject({ gateway: "ready", note: "It was like this 3 h ago." });
  expect((await providers(bot.services)).map(({ value }) => value)).toEqual(["local", "local@mine", "local@bot"]);
  for (const lane of lanesOf("local@mine")) store.served.delete(lane);
  expect(await asked()).toMatchObject({
    host: "unknown",
    note: "To ask it takes a worker at local@mine; none runs there now.",
  });
  // Nor does it switch its host on, or complain that it cannot.
  expect(await wakeHosts(bot.services)).toEqual([]);
});

it("the digest puts together what all watchers have seen, on record once a day", async () => {
  const store = createStore();
  const [mine, yours] = [createMachine(store, "mine"), createMachine(store, "yours")];
  await mine.deploy(ada);
  await yours.deploy(bob);
  await mine.watch(await hold(store, "watch:local@mine")).look();
  for (const lane of lanesOf("local@yours")) store.served.delete(lane);
  for (const lane of lanesOf("local@mine")) store.served.add(lane);
  const held = await hold(store, "watch:");
  store.nowMs = Date.parse("2026-11-21T23:30:00Z");
  const unreadable = async () => [{ kind: "agent", name: "eve", why: "broken" } as const];
  await giveDigest({ ...mine.parts, unreadable, timeZone: "Europe/Berlin" }, held);
  expect(await store.sights.digest()).toMatchObject({
    day: "2026-11-22",
    agents: [
      { agent: { name: "ada" }, note: expect.stringContaining("It was like this") },
      { agent: { name: "bob" }, host: "unknown" },
    ],
    unreadable: [{ name: "eve" }],
  });
});
