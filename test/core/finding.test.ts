import { expect, test } from "vitest";
import { OpsError } from "../../src/core/errors.ts";
import { look, ok, problem, warning } from "../../src/core/finding.ts";

test("what is seen is well, worth knowing or a problem", async () => {
  const well = { subject: "redis", verdict: "ok", seen: "It answers.", fix: null };
  expect(ok("redis", "It answers.")).toEqual(well);
  expect(warning("redis", "It is slow.", "Look.")).toEqual({
    ...{ subject: "redis", verdict: "warning", seen: "It is slow.", fix: "Look." },
  });
  expect(await look("redis", async () => ok("redis", "It answers."))).toEqual(well);
});

test("a look that fails is a problem, in the words of its error", async () => {
  const error = new OpsError({ code: "store-unavailable", userMessage: "It is away.", hint: "Start it." });
  const found = { subject: "redis", verdict: "problem", seen: "It is away.", fix: "Start it." };
  expect(problem("redis", error)).toEqual(found);
  expect(await look("redis", () => Promise.reject(error))).toEqual(found);
  expect(problem("redis", new Error("odd"))).toMatchObject({ verdict: "problem", seen: expect.stringMatching(/odd$/) });
});
