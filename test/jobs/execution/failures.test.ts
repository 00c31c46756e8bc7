import { expect, test } from "vitest";
import { OpsError } from "../../../src/core/errors.ts";
import { errorFrom, storableDetail, storableFailure } from "../../../src/jobs/execution/failures.ts";

const redact = (text: string) => text.replaceAll("hunter2-canary", "[redacted]");
const nothing = { leftBehind: [], nextCommands: [] };

test("a failure is stored with the last forty lines of evidence, what cleaning up found among them", () => {
  const evidence = Array.from({ length: 50 }, (_, i) => `line ${i}`);
  const error = new OpsError({ code: "gateway-crashed", userMessage: "It stopped.", evidence });
  const stored = storableFailure(error, { ...nothing, evidence: ["cleaned"] }, redact);
  expect(stored.evidence).toEqual([...evidence.slice(11), "cleaned"]);
  expect(storableFailure(error, nothing, redact).evidence).toEqual(evidence.slice(10));
});

test("a failure without a hint has none", () => {
  const stored = storableFailure(new OpsError({ code: "host-gone", userMessage: "It is gone." }), nothing, redact);
  expect(stored).toEqual({ code: "host-gone", userMessage: "It is gone.", hint: null, evidence: [], ...nothing });
  expect(errorFrom(stored)).toMatchObject({ code: "host-gone", userMessage: "It is gone.", hint: null, evidence: [] });
});

test.each([
  ["  a\n\t b  hunter2-canary ", "a b [redacted]"],
  ["x".repeat(200), "x".repeat(200)],
  ["x".repeat(201), `${"x".repeat(199)}…`],
])("what goes on in a step is one short line: %j", (text, line) => {
  expect(storableDetail(text, redact)).toBe(line);
});
