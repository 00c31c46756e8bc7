import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { piecesOf } from "../../src/channels/shape/pieces.ts";
import { OpsError } from "../../src/core/errors.ts";
import {
  hostNameFor,
  isAgentName,
  makeOperationId,
  parseAgentName,
  parseHostName,
  parseOperationId,
  quoteForMessage,
} from "../../src/core/names.ts";

const agentNames = fc.stringMatching(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/);

describe("names", () => {
  it.each([
    "",
    "a".repeat(33),
    "a".repeat(64),
    "Ada",
    "ädä",
    "..",
    "a/b",
    "a b",
    "a\nb",
    "'a'",
    "-a",
    "a-",
    "1a",
    "a\u0000",
  ])("refuse %j for an agent", (text) => {
    expect(() => parseAgentName(text)).toThrow(OpsError);
    expect(() => parseAgentName(text)).toThrow(expect.objectContaining({ code: "input-invalid" }));
  });

  it.each(["", "0123456789abcde", "0123456789abcdefg", "0123456789ABCDEF", "0123456789abcde\n"])(
    "refuse %j for an operation",
    (text) => {
      expect(() => parseOperationId(text)).toThrow(expect.objectContaining({ code: "input-invalid" }));
    },
  );

  it.each(["", "Ada", "-a", "a-", "1a", "a/b", "a".repeat(40)])("refuse %j for a host", (text) => {
    expect(() => parseHostName(text)).toThrow(expect.objectContaining({ code: "input-invalid" }));
  });

  it("of operations have sixteen characters at any time", () => {
    for (const ms of [0, 1.5, 4e12, 36 ** 10, 36 ** 11]) expect(makeOperationId(ms, () => 0)).toHaveLength(16);
  });

  it("of agents are one label of a host name, whatever is typed", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), agentNames), (text) => {
        fc.pre(isAgentName(text));
        expect(text).toMatch(/^[a-z0-9-]{1,32}$/);
        expect(encodeURIComponent(text)).toBe(text);
      }),
    );
  });

  it("of hosts come from agent and operation, are valid, and fit a host name label", () => {
    fc.assert(
      fc.property(
        agentNames,
        fc.integer({ min: 0, max: 4e12 }),
        fc.double({ min: 0, max: 0.999_999, noNaN: true }),
        (name, ms, r) => {
          const operation = makeOperationId(ms, () => r);
          expect(parseOperationId(operation)).toBe(operation);
          const host = hostNameFor(parseAgentName(name), operation);
          expect(parseHostName(host)).toBe(host);
          expect(host.length).toBeLessThanOrEqual(63);
          expect(hostNameFor(parseAgentName(name), operation)).toBe(host);
        },
      ),
    );
  });

  it("of hosts are known for what is copied: they end with a number, which no word does", () => {
    const operation = makeOperationId(4e12, () => 0.999);
    expect(operation).toMatch(/zzzzz9$/);
    const host = hostNameFor(parseAgentName("ada"), operation);
    expect(piecesOf(`${host} at local`)).toEqual([
      { text: host, look: "code" },
      { text: " at local", look: "plain" },
    ]);
  });

  it("of operations sort by time", () => {
    const at = (ms: number) => makeOperationId(ms, () => 0.5);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 1, max: 1e6 }), (ms, later) => {
        expect(at(ms) < at(ms + later)).toBe(true);
      }),
    );
  });

  it.each([
    ["ada", '"ada"'],
    ["a\nb", '"a\\nb"'],
    ["a\u007fb\u202ec", '"a\\u007fb\\u202ec"'],
    ["x".repeat(40), `"${"x".repeat(40)}"`],
    ["x".repeat(41), `"${"x".repeat(40)}…"`],
  ])("of any kind are quoted: %j", (text, shown) => {
    expect(quoteForMessage(text)).toBe(shown);
  });

  it("are shown without anything a terminal would act on", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come through
        expect(quoteForMessage(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });
});
