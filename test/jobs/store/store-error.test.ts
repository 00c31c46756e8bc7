import { describe, expect, test } from "vitest";
import { OpsError } from "../../../src/core/errors.ts";
import { orStoreError, storeError } from "../../../src/jobs/store/connection.ts";

describe("a failure of Redis", () => {
  test("that is known already stays what it is", () => {
    const known = new OpsError({ code: "superseded", userMessage: "Another worker goes on." });
    expect(storeError(known)).toBe(known);
  });

  test.each([
    ["NOAUTH Authentication required.", "store-unavailable", "never", /refuses .*: NOAUTH/],
    ["WRONGPASS invalid username-password pair", "store-unavailable", "never", /refuses .*: WRONGPASS/],
    ["NOPERM this user has no permissions", "store-unavailable", "never", /refuses .*: NOPERM/],
    ["connect ENOENT /x NOAUTH", "store-unavailable", "later", /does not answer/],
    ["", "store-unavailable", "later", /does not answer/],
    ["WRONGTYPE Operation against a key", "internal", "never", /holds something else/],
    ["no WRONGTYPE at all", "store-unavailable", "later", /does not answer/],
  ])("%j is told to people as what it means", (text, code, retry, userMessage) => {
    for (const error of [new Error(text), text]) {
      expect(storeError(error)).toMatchObject({
        ...{ code, retry, evidence: [text], cause: error },
        userMessage: expect.stringMatching(userMessage),
      });
    }
  });

  test("is told by whoever waits for the reply", async () => {
    expect(await orStoreError(Promise.resolve("reply"))).toBe("reply");
    await expect(orStoreError(Promise.reject(new Error("gone")))).rejects.toMatchObject({ code: "store-unavailable" });
  });
});
