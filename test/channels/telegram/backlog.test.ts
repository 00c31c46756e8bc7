import fc from "fast-check";
import { expect, test } from "vitest";
import { createBacklog } from "../../../src/channels/telegram/backlog.ts";

test("the offset passes what is done and nothing else, in whatever order it is done", () => {
  const orders = fc.shuffledSubarray([10, 11, 12, 13, 14, 15], { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(orders, fc.integer({ min: 0, max: 6 }), (order, count) => {
      const backlog = createBacklog();
      for (const id of [10, 11, 12, 13, 14, 15]) expect(backlog.take(id)).toBe(true);
      const done = order.slice(0, count);
      for (const id of done) backlog.done(id);
      const firstOpen = [10, 11, 12, 13, 14, 15].find((id) => !done.includes(id)) ?? 16;
      expect(backlog.offset).toBe(firstOpen === 10 ? 0 : firstOpen);
      expect(backlog.working).toBe(firstOpen !== 16);
      for (const id of order) expect(backlog.take(id)).toBe(false);
    }),
  );
});

test("numbers may start again somewhere lower", () => {
  const backlog = createBacklog();
  backlog.take(900);
  backlog.done(900);
  expect(backlog.take(20)).toBe(true);
  backlog.done(20);
  expect(backlog.offset).toBe(21);
});
