import type { Redis } from "ioredis";
import { beforeEach, describe, expect, test } from "vitest";
import { connect, untilReady } from "../../../src/jobs/store/connection.ts";
import { verifyDurable } from "../../../src/jobs/store/durability.ts";
import { plainRedis, startRedis } from "./world.ts";

let redis: Redis;
let socketPath: string;
beforeEach(async () => {
  ({ socketPath } = await startRedis());
  redis = plainRedis(socketPath);
});

describe("a Redis", () => {
  test("that writes everything down before it answers is good", async () => {
    expect(await verifyDurable(redis)).toEqual([]);
  });

  test("that writes down every second is used with a warning", async () => {
    await redis.config("SET", "appendfsync", "everysec");
    expect(await verifyDurable(redis)).toEqual([expect.stringContaining("appendfsync everysec")]);
  });

  test.each([
    ["maxmemory-policy", "allkeys-lru", "allkeys-lru"],
    ["appendonly", "no", "appendonly is off"],
  ])("with %s %s is refused", async (setting, value, words) => {
    await redis.config("SET", setting, value);
    await expect(verifyDurable(redis)).rejects.toMatchObject({
      ...{ code: "store-unavailable", retry: "never", userMessage: expect.stringContaining(words) },
    });
  });

  test("that has gone away is no Redis of another kind", async () => {
    redis.disconnect();
    await expect(verifyDurable(redis)).rejects.toMatchObject({ code: "store-unavailable", retry: "later" });
  });
});

describe("a connection", () => {
  test("is called by its role, and ready when commands are accepted", async () => {
    for (const role of ["commands", "worker", "subscriber"] as const) {
      const one = connect({ socketPath }, role, () => undefined);
      await untilReady(one, 30_000);
      await untilReady(one, 0);
      expect(one.listenerCount("ready")).toBe(0);
      expect(one.listenerCount("error")).toBe(1);
      expect(await redis.client("LIST")).toContain(`name=creel-${role} `);
      one.disconnect();
    }
  });

  test("that is not there is waited for, and then said to be away with the last reason", async () => {
    const heard: unknown[] = [];
    const one = connect({ socketPath: `${socketPath}.none` }, "commands", (error) => heard.push(error));
    await expect(untilReady(one, 1_000)).rejects.toMatchObject({
      ...{ code: "store-unavailable", retry: "later", evidence: [expect.stringContaining("ENOENT")] },
    });
    // It goes on trying.
    await expect.poll(() => heard.length).toBeGreaterThan(1);
    expect(one.listenerCount("error")).toBe(1);
    await expect(one.ping()).rejects.toThrow();
    one.disconnect();
  });
});
