import { mkdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { errnoOf, fullness, isErrno, outOfSpace } from "../../src/core/errno.ts";

/** As Node makes one for a number that it has no name for. */
function unnamed(errno: number): Error {
  const code = `Unknown system error ${errno}`;
  return Object.assign(new Error(`${code}: ${code}, write`), { errno, code, syscall: "write" });
}

function thrown(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

describe("what the operating system refuses has a name,", () => {
  test("Node's own, where it has one", () => {
    const missing = thrown(() => mkdirSync("/nowhere/at/all"));
    expect(errnoOf(missing)).toBe("ENOENT");
    expect(isErrno(missing, "ENOENT")).toBe(true);
    expect(isErrno(missing, "EEXIST")).toBe(false);
  });

  test("and one where Node has only a number", () => {
    expect([-122, -116, -117].map((errno) => errnoOf(unnamed(errno)))).toEqual(["EDQUOT", "ESTALE", "EUCLEAN"]);
  });

  test("and none for anything else", () => {
    for (const other of [new Error("no"), "ENOENT", null, { code: "ENOENT" }]) expect(errnoOf(other)).toBe(null);
  });
});

test.each([
  [Object.assign(new Error(), { code: "ENOSPC", errno: -28 }), "its disk is full"],
  [unnamed(-122), "the quota there is used up"],
  [Object.assign(new Error(), { code: "EDQUOT" }), "the quota there is used up"],
])("no room is something a person can do something about: %j", (error, why) => {
  expect(fullness(error)).toBe(why);
  expect(outOfSpace("/srv/creel", error)).toMatchObject({
    code: "capacity",
    userMessage: `There is no room for /srv/creel: ${why}.`,
    cause: error,
  });
});

test("what is about something else is not about room", () => {
  expect(outOfSpace("/srv", Object.assign(new Error(), { code: "EACCES" }))).toBe(null);
});
