import { expect, test } from "vitest";
import { parseCommandLine } from "../src/command-line.ts";

const parse = (...args: string[]) => parseCommandLine(args, "1.2.3");

test.each(["start", "bot", "worker", "adopt", "doctor"])("creel %s", (command) => {
  expect(parse(command)).toEqual({ type: "run", command });
});

test("creel alone starts", () => {
  expect(parse()).toEqual({ type: "run", command: "start" });
});

test("help and version print to standard output", () => {
  expect(parse("--help")).toMatchObject({ type: "print", exitCode: 0, text: expect.stringContaining("worker") });
  expect(parse("start", "-h")).toMatchObject({ exitCode: 0 });
  expect(parse("--version")).toEqual({ type: "print", exitCode: 0, text: "creel 1.2.3" });
});

test.each([
  ["strat", /no command "strat"/],
  ["constructor", /no command/],
  ["--verbose", /Unknown option '--verbose'/],
  ["--help=3", /--help/],
])("creel %s is refused", (argument, complaint) => {
  const result = parse(argument);
  expect(result).toMatchObject({ type: "print", exitCode: 2, text: expect.stringMatching(complaint) });
});

test("further words are refused", () => {
  expect(parse("doctor", "now")).toMatchObject({ exitCode: 2 });
});

test.each([
  [["secrets"], { what: "list" }],
  [["secrets", "list"], { what: "list" }],
  [["secrets", "export"], { what: "export" }],
  [["secrets", "set", "telegram-token"], { what: "set", name: "telegram-token" }],
  [["secrets", "rm", "telegram-token"], { what: "rm", name: "telegram-token" }],
])("creel %j", (words, does) => {
  expect(parse(...words)).toEqual({ type: "secrets", does });
});

test.each([
  [["secrets", "get", "a"], /cannot "get"/],
  [["secrets", "list", "a"], /no further words/],
  [["secrets", "set"], /needs the secret's name/],
  [["secrets", "set", "a", "canary-value"], /a name and nothing else/],
])("creel %j is refused, and does not say again what may be a secret", (words, complaint) => {
  const result = parse(...words);
  expect(result).toMatchObject({ type: "print", exitCode: 2, text: expect.stringMatching(complaint) });
  expect(JSON.stringify(result)).not.toContain("canary-value");
});
