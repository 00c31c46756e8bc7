/** What is only found when BullMQ looks again, after seconds. */
import { once } from "node:events";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { parseAgentName } from "../../../src/core/names.ts";
import { defineOperation } from "../../../src/operations/definition.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { definitions } from "./definitions.ts";
import { endOf, openJobs, plainRedis, root, startRedis, when } from "./world.ts";

const TWO_HOURS_MS = 2 * 60 * 60_000;
const ada = parseAgentName("ada");

it("a worker that has lost the lock of its delivery stops the operation at once, without ending it", async () => {
  const { socketPath } = await startRedis();
  const reasons: unknown[] = [];
  const until = defineOperation({
    ...{ kind: "until-stopped", version: 1, lane: async () => "here", params: z.null() },
    steps: { wait: { title: "Wait", budgetMs: 60_000, output: z.null() } },
    async run({ step }) {
      await step("wait", async ({ signal }) => {
        if (!signal.aborted) await once(signal, "abort");
        reasons.push(signal.reason);
        throw signal.reason;
      });
      return null;
    },
    undo: { steps: {}, run: async () => ({ leftBehind: ["undone"], nextCommands: [] }), left: () => [] },
  });
  const jobs = await openJobs(socketPath, [until]);
  jobs.startWorkers();
  const { id } = await jobs.operations.enqueue({ kind: until.kind, params: null, agent: ada, requestedBy: root });
  await when(jobs, id, ({ steps }) => steps[0]?.state === "running");
  // Another worker has it, and does not let go of it: nobody claims it anew, so only the lost lock can tell this one.
  await plainRedis(socketPath).set(`creel:lane:here:${id}:lock`, "another worker");
  await expect.poll(() => reasons).toMatchObject([{ code: "superseded" }]);
  expect(await jobs.operations.get(id)).toMatchObject({ state: "running", failure: null });
});

it("a worker that died before the clock was set back is missed as soon as ever", async () => {
  const { socketPath } = await startRedis();
  const redis = plainRedis(socketPath);
  const jobs = await openJobs(socketPath, definitions);
  const params = { file: join(await temporaryFolder(), "orphan"), hold: false };
  const { id } = await jobs.operations.enqueue({ kind: "write", params, agent: ada, requestedBy: root });
  await expect.poll(() => redis.lrange("creel:lane:here:wait", 0, -1)).toEqual([id]);
  // As the dead one left it, with ends of locks that are hours away by the new clock.
  await redis.lmove("creel:lane:here:wait", "creel:lane:here:active", "RIGHT", "LEFT");
  await redis.set(`creel:lane:here:${id}:lock`, "dead", "PX", TWO_HOURS_MS);
  await redis.set("creel:lane:here:stalled-check", "1", "PX", TWO_HOURS_MS);
  jobs.startWorkers();
  expect((await endOf(jobs, id)).state).toBe("succeeded");
});
