import { expect, test } from "vitest";
import { formatAgo, formatBytes, formatDuration, formatElapsed } from "../../src/core/measures.ts";

test.each([
  [-5, "0.0 s"],
  [0, "0.0 s"],
  [449, "0.4 s"],
  [9_949, "9.9 s"],
  [9_950, "10 s"],
  [59_499, "59 s"],
  [59_700, "1 min"],
  [185_000, "3 min 5 s"],
  [3_600_000, "1 h"],
  [7_800_000, "2 h 10 min"],
  [86_399_000, "23 h 59 min"],
  [86_400_000, "1 d"],
  [442_800_000, "5 d 3 h"],
])("%i ms took %s", (ms, shown) => {
  expect(formatDuration(ms)).toBe(shown);
});

test("what still goes on is shown in whole seconds, rounded down", () => {
  expect(formatElapsed(1_999)).toBe("1 s");
  expect(formatElapsed(-1)).toBe("0 s");
});

test.each([
  [4_999, "just now"],
  [5_000, "5 s ago"],
  [12_000, "12 s ago"],
  [190_000, "3 min ago"],
  [7_800_000, "2 h ago"],
  [442_800_000, "5 d ago"],
])("%i ms is %s", (ms, shown) => {
  expect(formatAgo(ms)).toBe(shown);
});

test.each([
  [-9e6, "0 kB"],
  [0, "0 kB"],
  [812e3, "812 kB"],
  [999.4e3, "999 kB"],
  [999.5e3, "1 MB"],
  [999.5e6, "1.0 GB"],
  [999.5e9, "1.0 TB"],
  [812e6, "812 MB"],
  [999.6e6, "1.0 GB"],
  [1.44e9, "1.4 GB"],
  [2e12, "2.0 TB"],
])("%d bytes are %s", (bytes, shown) => {
  expect(formatBytes(bytes)).toBe(shown);
});
