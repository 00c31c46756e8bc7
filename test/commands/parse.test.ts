import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { commands } from "../../commands/index.ts";
import { formatLine, parseLine } from "../../commands/parse.ts";
import { OpsError } from "../../src/core/errors.ts";
import { visible } from "../../src/core/typed.ts";

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
    ["/logs ada 5", { command: "logs", options: { agent: "ada", lines: "5" }, confirmation: null }],
    ["/history 30", { command: "history", options: { lines: "30" }, confirmation: null }],
    ["/history 30 ada", { command: "history", options: { lines: "30", agent: "ada" }, confirmation: null }],
    ["/logs 5", { command: "logs", options: { lines: "5" }, confirmation: null }],
    ["/status 5", { command: "status", options: { agent: "5" }, confirmation: null }],
    ["/logs 5 agent:ada", { command: "logs", options: { agent: "ada", lines: "5" }, confirmation: null }],
    ["\ufeff/logs\u00a0agent:\u2060ada\u2060", { command: "logs", options: { agent: "ada" }, confirmation: null }],
    ["\x1b[1m/logs\x1b[0m ada\x07", { command: "logs", options: { agent: "ada" }, confirmation: null }],
    ["/deploy name:“ada” size:„x y“", { command: "deploy", options: { name: "ada", size: "x y" }, confirmation: null }],
    ["/deploy ada size:‘x’", { command: "deploy", options: { name: "ada", size: "x" }, confirmation: null }],
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
    ["/deploy ada bob", /takes "ada" as name:, and has no use for "bob"/],
    ["/logs ada 5 6", /takes "ada" as agent: and "5" as lines:, and has no use for "6"/],
    ["/status bob agent:ada", /\/status has no use for "bob"/],
    [`/deploy ${"a".repeat(100_000)}`, /longer than 10000 characters/],
    ["/deploy --name x", /written with a colon, not as in "--name"/],
    ["/status\u2028/destroy ada confirm:ada", /has no use for "ada"/],
    ['/deploy "ada', /A " is missing/],
    ["/deploy 'ada", /A ' is missing/],
  ])("%s is refused", (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });

  test.each([
    ["/deploy --name x", "Type /deploy name:x"],
    ["/deploy --name=x", "Type /deploy name:x"],
    ["/deploy —name x", "Type /deploy name:x"],
    ["/deploy -n x", "Type /deploy name:x"],
    ["/deploy name=x", "Type /deploy name:x"],
    ["/destroy ada --confirm ada", "Type /destroy confirm:ada"],
    ["/deploy x --wait", "Usage: /deploy NAME"],
    ["/deploy x --size", "Usage: /deploy NAME"],
    ["/deploy x y", "Usage: /deploy NAME"],
  ])("%s is refused with the right spelling", (line, hint) => {
    expect(() => parse(line)).toThrow(expect.objectContaining({ hint: expect.stringContaining(hint) }));
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
    const value = fc.string({ unit: "binary" }).map(visible);
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

  test("what is for somebody else is formatted and read back with its line ends", () => {
    const submission = {
      command: "ask",
      options: { agent: "ada", message: 'one\n\n "two" 👨‍👩‍👧' },
      confirmation: null,
    };
    expect(parse(formatLine(submission))).toEqual(submission);
  });

  test.each([
    ["/ask ada how are you?", "how are you?"],
    ["/ask agent:ada message:how are you?", "how are you?"],
    ["/ask ada what’s up, don't tell agent:bob", "what’s up, don't tell agent:bob"],
    ["/ask ada https://example.com/a?b=c says what?", "https://example.com/a?b=c says what?"],
    ["/ask ada Note: buy milk", "Note: buy milk"],
    ["/ask agent:ada note: buy milk", "note: buy milk"],
    ['/ask ada a 5" display, or the "big" one?', 'a 5" display, or the "big" one?'],
    ["/ask ada C:\\dir and \\n", "C:\\dir and \\n"],
    ["/ask ada  one\n\n- two\n  - three ", "one\n\n- two\n  - three"],
    ["/ask ada\nhow are you?", "how are you?"],
    ['/ask ada "how are you?"', "how are you?"],
    ['/ask ada "how" are "you"', '"how" are "you"'],
    ["/ask ada confirm:yes is what it said", "confirm:yes is what it said"],
    ["/ask ada 👨‍👩‍👧 \x1b[31mred\x07", "👨‍👩‍👧 red"],
    ["/ask ada message: agent: is a word", "agent: is a word"],
    ["/ask ada -- force it: now", "-- force it: now"],
    ['/ask message:"how are you?" agent:ada', "how are you?"],
  ])("takes all that follows for what it says to an agent: %s", (line, message) => {
    expect(parseLine(line, commands).options).toEqual({ agent: "ada", message });
  });
});
