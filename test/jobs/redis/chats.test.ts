import { setTimeout as delay } from "node:timers/promises";
import { expect, it } from "vitest";
import type { Origin } from "../../../src/core/chat.ts";
import { channelMemoryContract } from "../../contract/channel-memory.ts";
import { definitions } from "./definitions.ts";
import { openJobs, root, startRedis } from "./world.ts";

channelMemoryContract("Redis", async () => {
  const { memory, limiter } = await openJobs((await startRedis()).socketPath, []);
  // Redis' own clock: time has to pass for real here.
  return { memory, limiter, pass: (ms) => delay(ms) };
});

const origin: Origin = { place: { channel: "telegram", chat: "-100", topic: "3" }, key: "update-1" };
const request = { kind: "failing", params: null, agent: null, requestedBy: root, origin };

it("a request that is delivered twice leads to one operation, also at the same moment and after a restart", async () => {
  const { socketPath } = await startRedis();
  const jobs = await openJobs(socketPath, definitions);
  const [first, second] = await Promise.all([jobs.operations.enqueue(request), jobs.operations.enqueue(request)]);
  expect(second.id).toBe(first.id);
  const later = await openJobs(socketPath, definitions);
  expect(await later.operations.earlier(origin)).toMatchObject({ id: first.id });
  expect(await later.operations.earlier({ ...origin, key: "update-2" })).toBeNull();
  expect((await later.operations.enqueue(request)).id).toBe(first.id);
  expect(await later.operations.recent({ agent: null, limit: 10 })).toHaveLength(1);
  const other = await later.operations.enqueue({ ...request, origin: { ...origin, key: "update-2" } });
  expect(other.id).not.toBe(first.id);
});

it("an operation asked for in a chat is untold there until it was told", async () => {
  const jobs = await openJobs((await startRedis()).socketPath, definitions);
  const asked = await jobs.operations.enqueue(request);
  await jobs.operations.enqueue({ ...request, origin: undefined });
  expect(await jobs.operations.untold("telegram")).toMatchObject([{ id: asked.id, place: origin.place }]);
  expect(await jobs.operations.untold("discord")).toEqual([]);
  expect(await jobs.operations.isUntold(asked)).toBe(true);
  await jobs.operations.told(asked);
  await jobs.operations.told(asked);
  expect(await jobs.operations.isUntold(asked)).toBe(false);
  expect(await jobs.operations.untold("telegram")).toEqual([]);
});
