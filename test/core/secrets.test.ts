import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { isSecretRef, Secret } from "../../src/core/secrets.ts";

describe("a secret", () => {
  it("shows itself to nobody who does not ask for it", () => {
    const text = "hunter2-hunter2";
    const secret = new Secret(text);
    const shown = [
      `${secret}`,
      String(secret),
      JSON.stringify({ secret }),
      inspect({ secret }, { depth: 5, showHidden: true }),
    ];
    expect(shown.join()).not.toContain(text);
    expect([secret.toString(), secret.toJSON(), inspect(secret), `${secret}`]).toEqual(Array(4).fill("[redacted]"));
    expect(Object.values(secret)).toEqual([]);
    expect(structuredClone({ ...secret })).toEqual({});
    expect(secret.reveal()).toBe(text);
  });
});

describe("references to secrets", () => {
  it.each([
    "op://vault/item/field",
    "op://vault/item/section/field",
    "vault:gateway.token",
    "env:TOKEN_1",
    "file:/run/token",
  ])("can be %s", (text) => {
    expect(isSecretRef(text)).toBe(true);
  });
  it.each([
    "",
    "hunter2",
    "env:lower",
    "op://vault/item",
    "op://a b/c/d",
    "vault:",
    "env:A\nB",
    "xenv:A",
    "env:A ",
    "file:///etc/passwd",
  ])("cannot be %j", (text) => {
    expect(isSecretRef(text)).toBe(false);
  });
});
