import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commands } from "../../commands/index.ts";
import { formatLine, parseLine } from "../../commands/parse.ts";
import { OpsError } from "../../src/core/errors.ts";

const parse = (line: string) => parseLine(line, commands);

describe("a typed line", () => {
  test.each([
    ["/deploy name:ada", { command: "deploy", options: { name: "ada" }, confirmation: null }],
    ["deploy ada", { command: "deploy", options: { name: "ada" }, confirmation: null }],
    ['/Deploy Name: ada  size:"x y"', { command: "deploy", options: { name: "ada", size: "x y" }, confirmation: null }],
    ["/deploy name:'a\"b'", { command: "deploy", options: { name: 'a"b' }, confirmation: null }],
    ['/deploy name:"" ', { command: "deploy", options: { name: "" }, confirmation: null }],
    ["/deploy ada size:a:b", { command: "deploy", options: { name: "ada", size: "a:b" }, confirmation: null }],
    ["/destroy agent:ada confirm:ada", { command: "destroy", options: { agent: "ada" }, confirmation: "ada" }],
    ["/image build", { command: "image", options: { action: "build" }, confirmation: null }],
    ["/nope some words x:y", { command: "nope", options: { x: "y" }, confirmation: null }],
  ])("%s", (line, expected) => {
    expect(parse(line)).toEqual(expected);
  });

  test.each([
    ["", /missing/],
    ["/", /missing/],
    ["/deploy name:", /has no value/],
    ["/deploy name: size:x", /name: has no value/],
    ["/deploy name:ada name:bob", /given twice/],
    ["/deploy ada bob", /given twice/],
    ['/deploy "ada', /A " is missing/],
    ["/deploy 'ada", /A ' is missing/],
  ])("%s is refused", (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });

  test("whatever is typed, only a clear refusal can come of it", () => {
    const typed = fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .array(fc.constantFrom("/deploy", " ", '"', "'", "\\", ":", "name:", "ada", "\n", "confirm:"), {
          maxLength: 12,
        })
        .map((p) => p.join("")),
    );
    fc.assert(
      fc.property(typed, (line) => {
        try {
          expect(parse(line).command).not.toBe("");
        } catch (error) {
          expect(error).toBeInstanceOf(OpsError);
          expect(error).toMatchObject({ code: "input-invalid" });
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("what is formatted is read back the same", () => {
    const value = fc.string({ unit: "binary" });
    const submission = fc.record({
      command: fc.constantFrom(...commands.map((command) => command.name), "unknown"),
      options: fc.dictionary(
        fc.stringMatching(/^[a-z][a-z-]{0,8}$/).filter((name) => name !== "confirm"),
        value,
        { noNullPrototype: true },
      ),
      confirmation: fc.option(value),
    });
    fc.assert(
      fc.property(submission, (given) => {
        expect(parse(formatLine(given))).toEqual(given);
      }),
      { numRuns: 1000 },
    );
  });
});
