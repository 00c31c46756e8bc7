import { expect, it } from "vitest";
import { overlapOf, routes } from "../../../../services/provider/local/routes.ts";

it.each([
  ["default", null],
  ["0.0.0.0/1", null],
  ["128.0.0.0/1", null],
  ["10.98.0.0/16", null],
  ["10.100.0.0/16", null],
  ["192.168.0.0/16", null],
  ["10.99.0.0/16", "inside"],
  ["10.99.3.0/24", "inside"],
  ["10.99.255.255", "inside"],
  ["10.98.0.0/15", "around"],
  ["10.96.0.0/14", "around"],
  ["10.0.0.0/8", "around"],
  ["8.0.0.0/5", "around"],
])("a route to %s lies to 10.99.0.0/16: %s", (to, overlap) => {
  expect(overlapOf("10.99", { to })).toBe(overlap);
});

it("reads this machine's own", async () => {
  for (const { to, dev } of await routes()) {
    expect(to).toMatch(/^(?:default|[\d.]+(?:\/\d+)?)$/);
    expect(dev).toMatch(/^\S+$/);
  }
});
