import { beforeEach, describe, expect, it } from "vitest";
import type { ChannelMemory, RateLimiter } from "../../src/core/chat.ts";

export interface MemoryUnderTest {
  readonly memory: ChannelMemory;
  readonly limiter: RateLimiter;
  /** Returns when `ms` have passed for both. */
  pass(ms: number): Promise<void>;
}

/** Holds for whatever keeps things for channels. */
export function channelMemoryContract(name: string, make: () => Promise<MemoryUnderTest>): void {
  describe(`${name}: channel memory contract`, () => {
    let under: MemoryUnderTest;
    beforeEach(async () => {
      under = await make();
    });

    it("keeps a value, replaces it, and forgets it when told", async () => {
      const { memory } = under;
      expect(await memory.get("a")).toBeNull();
      await memory.put("a", { text: "ü\n", list: [1, null, true] }, 60_000);
      expect(await memory.get("a")).toEqual({ text: "ü\n", list: [1, null, true] });
      await memory.put("a", "other", 60_000);
      expect(await memory.get("a")).toBe("other");
      await memory.remove("a");
      await memory.remove("a");
      expect(await memory.get("a")).toBeNull();
    });

    it("names what it keeps under a prefix, whatever that looks like", async () => {
      const { memory } = under;
      for (const key of ["b:2", "b:1", "c:1", "b*:1", "[b]:1"]) await memory.put(key, 1, 60_000);
      await memory.remove("b:1");
      expect(await memory.names("b:")).toEqual(["b:2"]);
      expect([await memory.names("b*"), await memory.names("[b]")]).toEqual([["b*:1"], ["[b]:1"]]);
      expect(await memory.names("d")).toEqual([]);
    });

    it("forgets a value when its time is over", async () => {
      await under.memory.put("a", 1, 50);
      await under.memory.put("b", 2, 60_000);
      await under.pass(100);
      expect([await under.memory.get("a"), await under.memory.get("b")]).toEqual([null, 2]);
    });

    it("counts per key, says how long to wait, and starts again", async () => {
      const { limiter } = under;
      // Longer than a busy machine takes for a few calls.
      const windowMs = 60_000;
      const takes: number[] = [];
      for (const key of ["a", "a", "b"]) takes.push(await limiter.take(key, 2, windowMs));
      expect(takes).toEqual([0, 0, 0]);
      const waitMs = await limiter.take("a", 2, windowMs);
      expect(waitMs).toBeGreaterThan(0);
      expect(waitMs).toBeLessThanOrEqual(windowMs);
      expect(await limiter.take("short", 1, 300)).toBe(0);
      await under.pass(320);
      expect(await limiter.take("short", 1, 300)).toBe(0);
    });
  });
}
