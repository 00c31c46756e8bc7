import { expect, test } from "vitest";
import { daysOld, isTooOld } from "../../src/core/golden-image.ts";

const DAY = 24 * 3_600_000;
const image = { createdAtMs: 100 * DAY };

test("an image is too old on the day after its last one, and never because of a clock that was ahead", () => {
  expect(daysOld(image, 130 * DAY)).toBe(30);
  expect(isTooOld(image, 30, 131 * DAY - 1)).toBe(false);
  expect(isTooOld(image, 30, 131 * DAY)).toBe(true);
  expect(daysOld(image, 0)).toBe(0);
  expect(isTooOld(image, 30, 0)).toBe(false);
});
