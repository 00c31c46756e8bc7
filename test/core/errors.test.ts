import { expect, test } from "vitest";
import { asOpsError, OpsError, stopped } from "../../src/core/errors.ts";

test("an error says no more than it was told", () => {
  const error = new OpsError({ code: "host-gone", userMessage: "It is gone." });
  expect(error).toMatchObject({
    name: "OpsError",
    message: "It is gone.",
    hint: null,
    retry: "never",
    retryAfterMs: null,
  });
  expect(error.evidence).toEqual([]);
  expect("cause" in error).toBe(false);
});

test("what is no error for people becomes a defect of Creel, with what it was as the cause", () => {
  const known = new OpsError({ code: "host-gone", userMessage: "It is gone." });
  expect(asOpsError(known)).toBe(known);
  const cause = new Error("x is not a function");
  expect(asOpsError(cause)).toMatchObject({
    code: "internal",
    userMessage: expect.stringMatching(/: x is not a function$/),
    cause,
  });
  expect(asOpsError("thrown")).toMatchObject({ userMessage: expect.stringMatching(/: thrown$/), cause: "thrown" });
});

test("what was stopped says by what, when it was stopped by one of ours", () => {
  const reason = new OpsError({ code: "timed-out", userMessage: "It took too long." });
  expect(stopped(AbortSignal.abort(reason))).toBe(reason);
  const other = new Error("aborted");
  expect(stopped(AbortSignal.abort(other))).toMatchObject({ code: "cancelled", cause: other });
});
