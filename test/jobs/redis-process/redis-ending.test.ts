import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { complaintsOf, redisFailure } from "../../../src/jobs/redis-process/redis-ending.ts";
import { temporaryFolder } from "../temporary-folder.ts";

describe("why a Redis cannot be kept", () => {
  test("is for its log to say, as long as its disk has room", async () => {
    const folder = await temporaryFolder();
    const cause = new Error("why");
    expect(await redisFailure(folder, "It ended.", { evidence: ["a line"], cause })).toMatchObject({
      ...{ code: "store-unavailable", userMessage: "It ended.", evidence: ["a line"], cause },
      hint: expect.stringContaining(join(folder, "redis.log")),
    });
    expect(await redisFailure(join(folder, "not-there-yet"), "It ended.")).toMatchObject({
      ...{ code: "store-unavailable", evidence: [] },
    });
    expect(await redisFailure("/nowhere/at/all", "It ended.")).toMatchObject({ code: "store-unavailable" });
  });

  test("is a quota that is used up, whoever noticed it, although the disk has room", async () => {
    const folder = await temporaryFolder();
    const code = "Unknown system error -122";
    const cause = Object.assign(new Error(`${code}: ${code}, write`), { errno: -122, code });
    const evidence = ["12:M 21 Nov 2026 10:00:00.000 # Error writing to the AOF file: Disk quota exceeded", "and more"];
    const quota = { code: "capacity", userMessage: expect.stringContaining("The quota of whoever runs Creel") };
    expect(await redisFailure(folder, "It ended.", { cause })).toMatchObject({ ...quota, evidence: [] });
    expect(await redisFailure(folder, "It ended.", { evidence })).toMatchObject({
      ...quota,
      evidence: evidence.slice(0, 1),
    });
  });
});

describe("what a server has complained of", () => {
  const at = "21 Nov 2026 10:00:00.000";
  const complaints = async (lines: readonly string[], pid = 12) => {
    const folder = await temporaryFolder();
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "redis.log"), lines.join("\n"));
    return complaintsOf(folder, pid);
  };

  test("is what it wrote as a warning, and nobody else", async () => {
    const its = [`12:M ${at} # Short read or OOM loading DB`, `12:C ${at} # Failed opening: No space left on device`];
    expect(
      await complaints([
        ...its,
        `12:M ${at} * Ready to accept connections`,
        `13:M ${at} # Another server's`,
        `x 12:M ${at} # Not at the beginning`,
        "nonsense",
      ]),
    ).toEqual(its);
    expect(await complaints([`12:M ${at} # A warning`], 1)).toEqual([]);
  });

  test("is not what every start says", async () => {
    const words = ["oO0OoO0OoO0Oo Redis is starting", "Redis version=7.0.15", "Configuration loaded", "  "];
    const machine = ["Server initialized", "WARNING Memory overcommit must be enabled!", "Warning: Could not create"];
    expect(await complaints([...words, ...machine].map((each) => `12:M ${at} # ${each}`))).toEqual([]);
    const other = [`12:M ${at} # The Redis version=7 is said`];
    expect(await complaints(other)).toEqual(other);
  });

  test("is the last of it, and nothing where there is no log", async () => {
    const lines = Array.from({ length: 7 }, (_, i) => `12:M ${at} # line ${i}`);
    expect(await complaints(lines)).toEqual(lines.slice(2));
    expect(await complaintsOf(await temporaryFolder(), 12)).toEqual([]);
  });
});
