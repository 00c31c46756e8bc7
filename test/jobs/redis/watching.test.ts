import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import type { Concern } from "../../../src/core/concern.ts";
import type { Held } from "../../../src/core/lease.ts";
import { parseAgentName } from "../../../src/core/names.ts";
import { keys } from "../../../src/jobs/store/keys.ts";
import { createLeases } from "../../../src/jobs/store/leases.ts";
import type { OpenJobs } from "./open.ts";
import { openJobs, plainRedis, startRedis } from "./world.ts";

const WATCHER_PROCESS = fileURLToPath(new URL("./watcher-process.ts", import.meta.url));
/** Longer than it takes to notice that a process is dead. */
const PATIENT = { timeout: 120_000, interval: 200 };
const LONG_MS = 300_000;

async function startMachine(socketPath: string, machine: string, agent: string) {
  const child = spawn(process.execPath, [WATCHER_PROCESS, socketPath, machine, agent], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  await once(child.stdout, "data");
  return {
    loseHost: () => child.stdin.write("\n"),
    async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL") {
      child.kill(signal);
      await exited;
    },
    hang: () => child.kill("SIGSTOP"),
    goOn: () => child.kill("SIGCONT"),
  };
}

const standing = async ({ concerns }: OpenJobs) => (await concerns.all()).map(({ concern: { key } }) => key).sort();

/** Each of them has looked `times` times more. */
async function hasLooked({ sights }: OpenJobs, providers: readonly string[], times = 3): Promise<void> {
  for (let looks = 0; looks < times; looks += 1) {
    const before = new Map((await sights.all()).map(({ provider, atMs }) => [provider, atMs]));
    for (const provider of providers) {
      await expect
        .poll(async () => (await sights.all()).find((sight) => sight.provider === provider)?.atMs, PATIENT)
        .not.toBe(before.get(provider));
    }
  }
}

it(
  "two machines look after what is their own; a bot without hosts finds nothing wrong with any of it",
  async () => {
    const { socketPath } = await startRedis();
    const bot = await openJobs(socketPath, [], { lanes: [] });
    const mine = await startMachine(socketPath, "mine", "ada");
    const yours = await startMachine(socketPath, "yours", "bob");
    await hasLooked(bot, ["local@mine", "local@yours"]);
    expect(await standing(bot)).toEqual([]);
    expect((await bot.sights.all()).flatMap(({ agents }) => agents)).toMatchObject([
      { host: "running", gateway: "ready", note: null },
      { host: "running", gateway: "ready", note: null },
    ]);
    yours.loseHost();
    await expect.poll(() => standing(bot), PATIENT).toEqual(["agent:bob"]);

    // Nobody can say any more how it is there, and that is said by who still can; what stood stands.
    await yours.kill();
    await expect.poll(() => standing(bot), PATIENT).toEqual(["agent:bob", "unwatched:local@yours"]);
    await hasLooked(bot, ["local@mine"]);
    expect(await standing(bot)).toEqual(["agent:bob", "unwatched:local@yours"]);

    // Its hosts were in its memory: what comes back finds bob without one, which is told already.
    const episode = async () => (await bot.concerns.all()).find(({ concern: { key } }) => key === "agent:bob")?.episode;
    const before = await episode();
    await startMachine(socketPath, "yours", "bob");
    await expect.poll(() => standing(bot), PATIENT).toEqual(["agent:bob"]);
    await hasLooked(bot, ["local@yours"]);
    expect(await episode()).toBe(before);
    await mine.kill("SIGTERM");
  },
  LONG_MS,
);

it(
  "of several workers with one provider one watches; when it is killed another one does, and one that hung says nothing",
  async () => {
    const { socketPath } = await startRedis();
    const redis = plainRedis(socketPath);
    const bot = await openJobs(socketPath, [], { lanes: [] });
    const first = await startMachine(socketPath, "mine", "ada");
    await hasLooked(bot, ["local@mine"], 1);
    const lease = keys.lease("watch:local@mine");
    const holder = () => redis.hget(lease, "holder");
    const old = await holder();
    // It has other hosts in its memory: that it watches is seen by what it finds.
    await startMachine(socketPath, "mine", "ada");
    await hasLooked(bot, ["local@mine"]);
    expect([await holder(), await standing(bot)]).toEqual([old, []]);
    first.hang();
    await expect.poll(() => standing(bot), PATIENT).toEqual(["agent:ada"]);
    expect(await holder()).not.toBe(old);
    // To the one that comes back all is well, and it must not say so any more.
    first.goOn();
    await hasLooked(bot, ["local@mine"], 10);
    expect(await standing(bot)).toEqual(["agent:ada"]);
    expect(await redis.hget(lease, "fence")).toBe("2");
  },
  LONG_MS,
);

const silent: Concern = {
  ...{ key: "agent:ada", severity: "person", agent: parseAgentName("ada"), type: "silent", note: null },
};

it("a lease that cannot be renewed is let go of before anybody else may have it, however the clock is set", async () => {
  const redis = await startRedis();
  const times = { beatMs: 100, lostMs: 1_000, deadMs: 3_000 };
  const [mine, yours] = [plainRedis(redis.socketPath), plainRedis(redis.socketPath)].map((connection) =>
    createLeases(connection, () => undefined, times),
  );
  if (mine === undefined || yours === undefined) throw new Error("there are two");
  const events: string[] = [];
  const hold = (name: string, leases: typeof mine) => {
    const { promise, resolve } = Promise.withResolvers<Held>();
    const stop = new AbortController();
    onTestFinished(() => stop.abort());
    const work = async (held: Held) => {
      events.push(`${name} has it`);
      resolve(held);
      await new Promise<void>((over) => held.signal.addEventListener("abort", () => over()));
      events.push(`${name} lets go`);
    };
    void leases.keep("a", work, stop.signal);
    return promise;
  };
  const first = await hold("mine", mine);
  // Somebody has taken it, as when this process hung without noticing.
  const plain = plainRedis(redis.socketPath);
  await plain.hset(keys.lease("a"), "holder", "another", "fence", 2);
  await expect.poll(() => events, PATIENT).toEqual(["mine has it", "mine lets go"]);
  expect(first.signal.aborted).toBe(true);
  const jobs = await openJobs(redis.socketPath, []);
  await expect(jobs.concerns.raise(silent, first)).rejects.toMatchObject({ code: "superseded" });
  // That one is dead: whoever sees so first has it, and nobody else.
  void hold("yours", yours);
  await expect.poll(() => events.length, PATIENT).toBe(3);
  expect(events[2]).toMatch(/has it$/);
  expect(await plain.hget(keys.lease("a"), "fence")).toBe("3");
});

it("whoever knows that all others are dead has what they watched at once", async () => {
  const { socketPath } = await startRedis();
  const redis = plainRedis(socketPath);
  await redis.hset(keys.lease("watch:local"), "holder", "dead", "beat", 7, "fence", 3);
  await redis.hset(keys.workers, "dead", '{"format":1,"lanes":["local"],"beat":1}');
  const jobs = await openJobs(socketPath, [], { lanes: ["local"] });
  await jobs.takeOver();
  expect(await redis.exists(keys.workers)).toBe(0);
  const stop = new AbortController();
  await jobs.leases.keep(
    "watch:local",
    async ({ fence }) => {
      expect(fence).toBe(4);
      stop.abort();
    },
    stop.signal,
  );
});

it("what a newer Creel keeps among them is left as it is, and named", async () => {
  const { socketPath } = await startRedis();
  const redis = plainRedis(socketPath);
  const jobs = await openJobs(socketPath, []);
  const newer = '{"format":9999}';
  await redis.hset(keys.concerns, "agent:ada", newer, "broken", "{");
  await jobs.concerns.raise(silent, null);
  await jobs.concerns.settle(silent.key, null);
  expect(await redis.hget(keys.concerns, "agent:ada")).toBe(newer);
  expect(await jobs.concerns.all()).toEqual([]);
  expect(await jobs.unreadable()).toEqual([
    { kind: "note", name: `${keys.concerns} agent:ada`, why: "newer" },
    { kind: "note", name: `${keys.concerns} broken`, why: "broken" },
  ]);
});
