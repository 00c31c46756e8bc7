import { expect, test } from "vitest";
import { createSkew } from "../../../src/channels/telegram/skew.ts";

const HOUR = 3_600_000;

function clocks() {
  const here = { setByMs: 0, compared: 0, isAway: false };
  const compare = async () => {
    here.compared += 1;
    return here.isAway ? null : here.setByMs;
  };
  return { here, skewMs: createSkew(compare, () => Date.now() + here.setByMs) };
}

test("clocks are compared once, however many ask", async () => {
  const { here, skewMs } = clocks();
  expect(await Promise.all([skewMs(), skewMs(), skewMs()])).toEqual([0, 0, 0]);
  expect(await skewMs()).toBe(0);
  expect(here.compared).toBe(1);
});

test.each([2 * HOUR, -2 * HOUR])("a clock that is set by %i ms is compared again", async (byMs) => {
  const { here, skewMs } = clocks();
  await skewMs();
  here.setByMs = byMs;
  expect(await skewMs()).toBe(byMs);
  expect(await skewMs()).toBe(byMs);
  expect(here.compared).toBe(2);
});

test("while they cannot be compared, what was so before counts, and it is tried again", async () => {
  const { here, skewMs } = clocks();
  here.isAway = true;
  expect(await skewMs()).toBe(0);
  Object.assign(here, { isAway: false, setByMs: HOUR });
  expect(await skewMs()).toBe(HOUR);
  Object.assign(here, { isAway: true, setByMs: 0 });
  expect(await skewMs()).toBe(HOUR);
  Object.assign(here, { isAway: false });
  expect(await skewMs()).toBe(0);
});
