import { expect, test } from "vitest";
import { createAges } from "../../src/core/ages.ts";

const HOUR = 3_600_000;

function clocks() {
  let [passedMs, setByMs] = [0, 1_000_000];
  return {
    now: () => passedMs + setByMs,
    elapsed: () => passedMs,
    pass: (ms: number) => {
      passedMs += ms;
    },
    set: (ms: number) => {
      setByMs += ms;
    },
  };
}

test.each([HOUR, -HOUR])(
  "what began here grows old by the time that passes, also when the clock is set by %d ms",
  (by) => {
    const clock = clocks();
    const ages = createAges(clock, HOUR);
    const atMs = clock.now();
    ages.begin("a");
    clock.pass(1_000);
    clock.set(by);
    expect(ages.ageMs("a", atMs)).toBe(1_000);
    clock.pass(500);
    expect(ages.ageMs("a", atMs)).toBe(1_500);
  },
);

test("what began before this process is as old as the clock says when it is first asked, and then grows with time", () => {
  const clock = clocks();
  const ages = createAges(clock, HOUR);
  expect(ages.ageMs("a", clock.now() - 60_000)).toBe(60_000);
  expect(ages.ageMs("b", clock.now() + 60_000)).toBe(-60_000);
  clock.set(HOUR);
  clock.pass(1_000);
  expect(ages.ageMs("a", 0)).toBe(61_000);
  expect(ages.ageMs("b", 0)).toBe(-59_000);
});

test("what is forgotten, or older than anybody asks for, is as good as from before", () => {
  const clock = clocks();
  const ages = createAges(clock, HOUR);
  for (const key of ["a", "b"]) ages.begin(key);
  ages.forget("a");
  expect(ages.ageMs("a", clock.now() - 7)).toBe(7);
  clock.pass(HOUR + 1);
  ages.begin("c");
  expect(ages.ageMs("b", clock.now() - 9)).toBe(9);
});
