import fc from "fast-check";
import { describe, expect, it } from "vitest";
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

  it("of operations sort by time", () => {
    const at = (ms: number) => makeOperationId(ms, () => 0.5);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), fc.integer({ min: 1, max: 1e6 }), (ms, later) => {
        expect(at(ms) < at(ms + later)).toBe(true);
      }),
    );
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
