import { expect, test } from "vitest";
import { containerImageOf, OPENCLAW_VERSION } from "../../src/core/openclaw.ts";

test("every version has a container image of its own", () => {
  expect(OPENCLAW_VERSION).toMatch(/^\d{4}\.\d+\.\d+$/);
  expect(containerImageOf(OPENCLAW_VERSION)).toBe(`localhost/creel/openclaw:${OPENCLAW_VERSION}`);
});
