import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { acceptedKeys, readHostKeys, toBase32 } from "../../src/core/host-keys.ts";

test("a host is known by its one key, and by both while it changes it", () => {
  expect(acceptedKeys({ hostKeyFingerprint: "old", nextHostKeyFingerprint: null })).toEqual(["old"]);
  expect(acceptedKeys({ hostKeyFingerprint: "old", nextHostKeyFingerprint: "new" })).toEqual(["old", "new"]);
});

test.each([
  // RFC 4648, section 10.
  ["", ""],
  ["f", "my"],
  ["fo", "mzxq"],
  ["foo", "mzxw6"],
  ["foob", "mzxw6yq"],
  ["fooba", "mzxw6ytb"],
  ["foobar", "mzxw6ytboi"],
])("%j in base32 is %j", (text, encoded) => {
  expect(toBase32(Buffer.from(text))).toBe(encoded);
});

test("keys that an older Creel has written down are the same keys", () => {
  const [old, next] = ["old", "next"].map((text) => createHash("sha256").update(text).digest());
  if (!(old && next)) throw new Error("There are two.");
  const [was, willBe] = [old.toString("base64url"), next.toString("base64url")];
  const today = { hostKeyFingerprint: toBase32(old), nextHostKeyFingerprint: null };
  expect(readHostKeys(was, null)).toEqual(today);
  expect(readHostKeys(`${was}.${willBe}`, null)).toEqual({ ...today, nextHostKeyFingerprint: toBase32(next) });
  expect(readHostKeys(toBase32(old), toBase32(next))).toEqual({ ...today, nextHostKeyFingerprint: toBase32(next) });
});
