import { expect, it } from "vitest";
import type { AuditEvent } from "../../../src/core/audit.ts";
import { createAuditLog } from "../../../src/jobs/store/audit.ts";
import { keys, scanKeys } from "../../../src/jobs/store/keys.ts";
import { storedText } from "../../../src/jobs/store/record.ts";
import { plainRedis, root, startRedis } from "./world.ts";

const event: AuditEvent = {
  ...{ atMs: 0, actor: root, what: "requested", subject: "deploy" },
  ...{ agent: null, operation: null, note: null },
};

it("events of any number are gone through, each of them once", async () => {
  const redis = plainRedis((await startRedis()).socketPath);
  const audit = createAuditLog(redis, (text) => text);
  const numbers = Array.from({ length: 1_201 }, (_, i) => i);
  const appending = redis.pipeline();
  for (const atMs of numbers) appending.xadd(keys.audit, "*", "event", storedText({ ...event, atMs }));
  await appending.exec();
  const newestFirst = numbers.toReversed();
  const times = async (limit: number) => (await audit.recent({ agent: null, limit })).events.map(({ atMs }) => atMs);
  expect(await times(2_000)).toEqual(newestFirst);
  expect(await times(501)).toEqual(newestFirst.slice(0, 501));
  await redis.xtrim(keys.audit, "MAXLEN", 1_000);
  expect(await times(2_000)).toEqual(newestFirst.slice(0, 1_000));
});

it("what is noted of an event is redacted before it is stored", async () => {
  const redis = plainRedis((await startRedis()).socketPath);
  const audit = createAuditLog(redis, (text) => text.replaceAll("hunter2-canary", "[redacted]"));
  await audit.append({ ...event, note: "It said hunter2-canary." });
  await audit.append(event);
  const { events } = await audit.recent({ agent: null, limit: 5 });
  expect(events.map(({ note }) => note)).toEqual([null, "It said [redacted]."]);
  expect(JSON.stringify(await redis.xrange(keys.audit, "-", "+"))).not.toContain("hunter2");
});

it("keys of any number are found, each of them once, and no others", async () => {
  const redis = plainRedis((await startRedis()).socketPath);
  const wanted = Array.from({ length: 2_500 }, (_, i) => keys.memory(`key-${i}`));
  await redis.mset(Object.fromEntries([...wanted, "other"].map((key) => [key, "1"])));
  expect((await scanKeys(redis, keys.memory("*"))).toSorted()).toEqual(wanted.toSorted());
});
