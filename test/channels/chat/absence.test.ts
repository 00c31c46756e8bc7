import { expect, test } from "vitest";
import { createPresence } from "../../../src/channels/chat/absence.ts";
import type { Json } from "../../../src/core/json.ts";
import type { Message } from "../../../src/core/message.ts";
import { createFakeClock } from "./fake-clock.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A process that has been there for a while. `sleptMs`: how long its machine has slept. */
async function present() {
  const clock = createFakeClock();
  const kept = new Map<string, Json>();
  const posted: Message[] = [];
  const machine = { sleptMs: 0 };
  const presence = createPresence({
    channel: "telegram",
    clock,
    memory: {
      get: async (key) => kept.get(key) ?? null,
      put: async (key, value) => void kept.set(key, value),
      remove: async (key) => void kept.delete(key),
      names: async () => [...kept.keys()],
    },
    outbox: {
      post: async (place: unknown, render: () => Message) => {
        posted.push(render());
        return { posted: { place, id: "1" }, isFresh: true };
      },
    } as never,
    alerts: { channel: "telegram", chat: "-1", topic: null },
    onError: (error) => {
      throw error;
    },
    sinceBootMs: () => clock.elapsed() + machine.sleptMs,
  });
  await presence.begin();
  await clock.advance(10 * MINUTE);
  expect(posted).toEqual([]);
  return { clock, posted, presence, machine };
}

test.each([6 * HOUR, -6 * HOUR])("a clock that is set by %i ms is no absence", async (byMs) => {
  const { clock, posted, presence } = await present();
  clock.set(clock.now() + byMs);
  await clock.advance(10 * MINUTE);
  expect(posted).toEqual([]);
  expect(presence.latest()).toBeNull();
  presence.close();
});

test("a machine that slept was away for as long, whatever its clock says since", async () => {
  const { clock, posted, presence, machine } = await present();
  machine.sleptMs = 2 * HOUR;
  clock.set(clock.now() + 9 * HOUR);
  await clock.advance(10 * MINUTE);
  expect(posted).toHaveLength(1);
  const { fromMs, toMs } = presence.latest() ?? { fromMs: 0, toMs: 0 };
  expect(toMs - fromMs).toBeGreaterThanOrEqual(2 * HOUR);
  expect(toMs - fromMs).toBeLessThanOrEqual(2 * HOUR + MINUTE);
  presence.close();
});
