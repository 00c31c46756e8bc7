import { expect, test } from "vitest";
import { startAlerts } from "../../../src/channels/chat/alerts.ts";
import { createOutbox } from "../../../src/channels/chat/outbox.ts";
import { createPresses } from "../../../src/channels/chat/presses.ts";
import type { Concern, Concerns } from "../../../src/core/concern.ts";
import { parseAgentName } from "../../../src/core/names.ts";
import { createMemoryLeases, createMemoryWatched } from "../../memory-watched.ts";
import { createLife, type Life } from "./life.ts";
import { alertsPlace, type ChatWorld, createChatWorld } from "./world.ts";

const down = (name: string, note: string | null = null): Concern => ({
  ...{ key: `agent:${name}`, severity: "person", agent: parseAgentName(name), type: "silent", note },
});

/** What happens while the first process lives until it dies at its nth point, and the second until all is told. */
async function livesAfter(diesAt: number): Promise<{ readonly world: ChatWorld; readonly life: Life }> {
  const world = createChatWorld();
  const leases = createMemoryLeases();
  const { concerns, sights } = createMemoryWatched(leases);
  const life = createLife(diesAt);
  const start = (living: Life) => {
    const member = leases.join();
    const [memory, clock] = [living.memory(world.memory), living.clock(world.clock)];
    const outbox = createOutbox({ chat: living.chat(world.server.connect()), presses: createPresses(memory), clock });
    startAlerts({
      ...{ target: { outbox, place: alertsPlace }, sights, leases: member, memory, clock },
      concerns: living.concerns(concerns),
      timeZone: "UTC",
      digest: async () => null,
      onError: (error) => void world.errors.push(error),
    });
    return member;
  };
  const happens = async (what: (stored: Concerns) => Promise<void>) => {
    await what(concerns);
    await world.clock.advance(10_000);
  };
  const first = start(life);
  await happens((stored) => stored.raise(down("ada"), null));
  await happens((stored) => stored.raise(down("bob"), null));
  await happens((stored) => stored.raise(down("ada", "It is slow."), null));
  await happens((stored) => stored.settle("agent:ada", null));
  first.die();
  start(createLife(Number.POSITIVE_INFINITY));
  await world.clock.advance(120_000);
  return { world, life };
}

test("wherever the bot is killed, everything is told, and nothing is told twice", async () => {
  const { life: whole } = await livesAfter(Number.POSITIVE_INFINITY);
  expect(whole.points()).toBeGreaterThan(20);
  for (let diesAt = 1; diesAt <= whole.points(); diesAt += 1) {
    const { world } = await livesAfter(diesAt);
    const titles = world.server.messages().map(({ message: { title } }) => title);
    const counts = Object.fromEntries(titles.map((title) => [title, titles.filter((one) => one === title).length]));
    expect({ diesAt, bob: counts["bob cannot be asked."] }).toEqual({ diesAt, bob: 1 });
    // Of what came and went while nobody was there, nothing has to be told; what was told is told to its end.
    const ada = counts["ada cannot be asked."] ?? 0;
    expect({ diesAt, ada, over: counts["All right again."] ?? 0 }).toEqual({ diesAt, ada, over: ada });
    expect(ada).toBeLessThanOrEqual(1);
    const open = world.server
      .messages()
      .filter(({ message }) => message.title.startsWith("ada") && message.tone === "bad");
    expect(open).toEqual([]);
    expect([...world.errors, ...world.server.breaches]).toEqual([]);
  }
});
