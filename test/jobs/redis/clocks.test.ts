import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { parseAgentName } from "../../../src/core/names.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { definitions } from "./definitions.ts";
import { endOf, openJobs, plainRedis, root, startRedis, when } from "./world.ts";

const HOUR = 60 * 60_000;
/** Where a clock without a battery, or one of 32 bits, ends up. */
const IN_2106 = Date.UTC(2106, 1, 7, 6, 28, 15);
const [ada, bob] = [parseAgentName("ada"), parseAgentName("bob")];

/** The clock of this process, which BullMQ looks at as well; timers go on as they are. */
function setClock(ms: number): void {
  const startedMs = performance.now();
  vi.spyOn(Date, "now").mockImplementation(() => Math.floor(ms + performance.now() - startedMs));
  onTestFinished(() => void vi.restoreAllMocks());
}

async function setUp() {
  const { socketPath } = await startRedis();
  const folder = await temporaryFolder();
  const open = () => openJobs(socketPath, definitions);
  type Jobs = Awaited<ReturnType<typeof open>>;
  const request = (jobs: Jobs, agent: typeof ada | null, file: string, hold = false) =>
    jobs.operations.enqueue({ kind: "write", params: { file: join(folder, file), hold }, agent, requestedBy: root });
  const release = (file: string) => writeFile(join(folder, `${file}.go`), "");
  return { redis: plainRedis(socketPath), open, request, release };
}

it.each([
  ["two hours ahead", Date.now() + 2 * HOUR],
  ["in 2106", IN_2106],
  ["in 1970", HOUR],
])(
  "what a Creel with its clock %s has begun goes on at once when the clock is right, and can be cancelled",
  async (_where, wrongMs) => {
    const { open, request, release } = await setUp();
    setClock(wrongMs);
    const before = await open();
    before.startWorkers();
    const held = await request(before, ada, "held", true);
    const behind = await request(before, ada, "behind");
    const cancelled = await request(before, bob, "cancelled", true);
    await when(before, held.id, ({ steps }) => steps[1]?.state === "running");
    await when(before, cancelled.id, ({ steps }) => steps[1]?.state === "running");
    await before.close();

    vi.restoreAllMocks();
    const after = await open();
    after.startWorkers();
    expect(await after.operations.cancel(cancelled.id)).toBe(true);
    expect((await endOf(after, cancelled.id)).state).toBe("cancelled");
    await release("held");
    expect((await endOf(after, held.id)).state).toBe("succeeded");
    expect((await endOf(after, behind.id)).state).toBe("succeeded");
    // The order in which things were asked for is not the clock's.
    const last = await request(after, null, "last");
    const ids = (await after.operations.recent({ agent: null, limit: 10 })).map(({ id }) => id);
    expect(ids).toEqual([last.id, cancelled.id, behind.id, held.id]);
  },
);

it("a clock that jumps while operations run and wait holds nothing up", async () => {
  const { open, request, release } = await setUp();
  const jobs = await open();
  jobs.startWorkers();
  const first = await request(jobs, ada, "first", true);
  const second = await request(jobs, ada, "second");
  await when(jobs, second.id, ({ waitingBehind }) => waitingBehind === first.id);
  setClock(Date.now() - 3 * HOUR);
  await release("first");
  expect((await endOf(jobs, second.id)).state).toBe("succeeded");
  setClock(Date.now() + 6 * HOUR);
  expect((await endOf(jobs, (await request(jobs, ada, "third")).id)).state).toBe("succeeded");
});

it("deliveries that an older Creel has put off until some time are taken up at once", async () => {
  const { redis, open, request } = await setUp();
  const jobs = await open();
  const { id } = await request(jobs, ada, "late");
  await expect.poll(() => redis.lrange("creel:lane:here:wait", 0, -1)).toEqual([id]);
  await redis.lrem("creel:lane:here:wait", 0, id);
  await redis.zadd("creel:lane:here:delayed", String((Date.now() + 2 * HOUR) * 0x1000), id);
  jobs.startWorkers();
  expect((await endOf(jobs, id)).state).toBe("succeeded");
});

it("a limit that was used up before the clock was set back ends with its window", async () => {
  const { redis, open } = await setUp();
  const { limiter } = await open();
  await limiter.take("a", 1, 1000);
  await redis.pexpire("creel:rate:a", 2 * HOUR);
  expect(await limiter.take("a", 1, 1000)).toBeLessThanOrEqual(1000);
  await redis.persist("creel:rate:a");
  expect(await limiter.take("a", 1, 1000)).toBeLessThanOrEqual(1000);
});
