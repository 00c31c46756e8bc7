import { beforeEach, describe, expect, it } from "vitest";
import type { Concern, Concerns } from "../../src/core/concern.ts";
import type { Held, Leases } from "../../src/core/lease.ts";
import { makeOperationId, parseAgentName, parseHostName } from "../../src/core/names.ts";
import type { Digest, Sight, Sights } from "../../src/core/sight.ts";
import { statusOf } from "../fleet/statuses.ts";

export interface WatchedUnderTest {
  readonly concerns: Concerns;
  readonly sights: Sights;
  /** Of one process. */
  readonly leases: Leases;
  /** Of another. */
  readonly others: Leases;
}

const agent = parseAgentName("ada");
const about = { key: "agent:ada", severity: "person", agent } as const;

/** One of each type. */
const EVERY: readonly Concern[] = [
  { ...about, type: "gateway-down", gateway: "crashed", note: null },
  { ...about, type: "ailing", note: "Its channels were not started." },
  { ...about, type: "host-down", host: "gone", note: "Why." },
  { ...about, type: "no-network", note: null },
  { ...about, type: "silent", note: null },
  { ...about, type: "crash-loop", restarts: 4, withinMs: 300_000, note: null },
  { ...about, type: "stuck", operation: makeOperationId(0, () => 0), note: null },
  { ...about, type: "half-made" },
  { ...about, type: "unreadable", why: "broken" },
  { ...about, severity: "note", type: "stranded-host", host: parseHostName("ada-abc"), provider: "local" },
  { key: "old-image:local", severity: "note", type: "old-image", provider: "local", days: 41 },
  {
    ...{ key: "stuck:1", severity: "person", type: "stuck-alone" },
    ...{ operation: makeOperationId(0, () => 0), formerAgent: agent, kind: "image-build", note: "The host may exist." },
  },
  { key: "unwatched:local", severity: "person", type: "unwatched", provider: "local", agents: [agent] },
  { key: "chat:discord", severity: "person", type: "chat-refused", chat: "discord", userMessage: "No.", hint: null },
  {
    ...{ key: "gone:discord:1", severity: "person", type: "alerts-lost" },
    place: { channel: "discord", chat: "1", topic: null },
  },
];

/** Holds for whatever keeps what watchers find, and the leases under which they do. */
export function watchedContract(name: string, make: () => Promise<WatchedUnderTest>): void {
  describe(`${name}: contract of what is watched`, () => {
    let under: WatchedUnderTest;
    beforeEach(async () => {
      under = await make();
    });
    /** A lease that is held until the test has ended. */
    const hold = (leases: Leases, lease: string, signal = new AbortController().signal) =>
      new Promise<Held>((resolve) => {
        void leases.keep(
          lease,
          async (held) => {
            resolve(held);
            await new Promise<void>((ended) => held.signal.addEventListener("abort", () => ended()));
          },
          signal,
        );
      });

    it.each(EVERY.map((concern) => [concern.type, concern] as const))("keeps a concern of %s", async (_, concern) => {
      const { concerns } = under;
      await concerns.raise(concern, null);
      expect(await concerns.all()).toMatchObject([{ concern, scope: null }]);
      await concerns.settle(concern.key, null);
      await concerns.settle(concern.key, null);
      expect(await concerns.all()).toEqual([]);
    });

    it("a concern that is raised again is the same, also when it is put otherwise; one that was over is another", async () => {
      const { concerns } = under;
      const [first, second] = EVERY as [Concern, Concern];
      let changes = 0;
      const stop = concerns.listen(() => {
        changes += 1;
      });
      const episode = async () => (await concerns.all())[0]?.episode;
      await concerns.raise(first, null);
      const begun = await episode();
      await concerns.raise(first, null);
      await concerns.raise(second, null);
      expect(await concerns.all()).toMatchObject([{ concern: second, episode: begun }]);
      await concerns.settle(first.key, null);
      await concerns.raise(first, null);
      expect(await episode()).not.toBe(begun);
      await expect.poll(() => changes).toBeGreaterThanOrEqual(4);
      stop();
    });

    it("who has lost a lease writes nothing any more", async () => {
      const { concerns, sights, leases, others } = under;
      const stop = new AbortController();
      const old = await hold(leases, "watch:local", stop.signal);
      const [concern] = EVERY as [Concern];
      await concerns.raise(concern, old);
      expect(await concerns.all()).toMatchObject([{ scope: "watch:local" }]);
      const next = hold(others, "watch:local");
      stop.abort();
      const fresh = await next;
      expect(fresh.fence).toBeGreaterThan(old.fence);
      const lost = { code: "superseded" };
      const sight: Sight = { provider: "local", atMs: 1, agents: [], images: [] };
      const digest: Digest = { day: "2026-11-21", atMs: 1, agents: [], unreadable: [], images: [] };
      await expect(concerns.raise({ ...concern, severity: "note" } as Concern, old)).rejects.toMatchObject(lost);
      await expect(concerns.settle(concern.key, old)).rejects.toMatchObject(lost);
      await expect(sights.put(sight, old)).rejects.toMatchObject(lost);
      await expect(sights.putDigest(digest, old)).rejects.toMatchObject(lost);
      expect([await concerns.all(), await sights.all(), await sights.digest()]).toMatchObject([
        [{ concern }],
        [],
        null,
      ]);
      await concerns.settle(concern.key, fresh);
      expect(await concerns.all()).toEqual([]);
    });

    it("keeps the latest sight of each provider and the latest digest", async () => {
      const { sights, leases } = under;
      const held = await hold(leases, "watch:local");
      const { lastOperation: _, ...seen } = statusOf("ada", { note: "Why." });
      const sight: Sight = { provider: "local", atMs: 1, agents: [seen], images: [{ provider: "local", days: 41 }] };
      await sights.put({ ...sight, agents: [] }, held);
      await sights.put(sight, held);
      await sights.put({ ...sight, provider: "cloud" }, held);
      const sorted = (await sights.all()).toSorted((a, b) => (a.provider < b.provider ? -1 : 1));
      expect(sorted).toEqual([{ ...sight, provider: "cloud" }, sight]);
      let told = 0;
      const stop = sights.listen(() => {
        told += 1;
      });
      const unreadable = [{ kind: "agent", name: "bob", why: "broken" }] as const;
      const digest: Digest = { day: "2026-11-21", atMs: 1, agents: [seen], unreadable, images: [] };
      await sights.putDigest({ ...digest, day: "2026-11-20" }, held);
      await sights.putDigest(digest, held);
      expect(await sights.digest()).toEqual(digest);
      await expect.poll(() => told).toBeGreaterThanOrEqual(1);
      stop();
    });

    it("a lease is one process's at a time, and the next one's when that lets go", async () => {
      const { leases, others } = under;
      const order: string[] = [];
      const stop = new AbortController();
      const first = await hold(leases, "a", stop.signal);
      const second = hold(others, "a").then(() => order.push("second"));
      // Another lease is no matter of this one.
      await hold(others, "b");
      order.push("b");
      stop.abort();
      expect(first.signal.aborted).toBe(true);
      await second;
      expect(order).toEqual(["b", "second"]);
    });
  });
}
