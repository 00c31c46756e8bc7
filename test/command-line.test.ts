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

test.each([
  [["ssh", "ada"], []],
  [
    ["ssh", "ada", "journalctl", "-f", "--help"],
    ["journalctl", "-f", "--help"],
  ],
  [["ssh", "ada", "--", "-v"], ["-v"]],
  [
    ["ssh", "ada", "ls", "--", "-v"],
    ["ls", "--", "-v"],
  ],
])("creel %j leaves what comes after the agent to its host", (args, words) => {
  expect(parse(...args)).toEqual({ type: "ssh", agent: "ada", words });
});

test("creel open takes one agent", () => {
  expect(parse("open", "ada")).toEqual({ type: "open", agent: "ada" });
});

test.each([
  [["ssh"], /creel ssh needs the agent's name\./],
  [["ssh", "../etc"], /"\.\.\/etc" is not the name of an agent\./],
  [["ssh", "-v", "ada"], /"-v" is not the name of an agent\./],
  [["open"], /creel open needs the agent's name\./],
  [["open", "Ada!"], /"Ada!" is not the name of an agent\./],
  [["open", "ada", "bob"], /creel open takes one name\./],
])("creel %j is refused", (args, complaint) => {
  expect(parse(...args)).toMatchObject({ type: "print", exitCode: 2, text: expect.stringMatching(complaint) });
});

test.each([
  ["ssh", "-h"],
  ["ssh", "--help"],
  ["open", "ada", "-h"],
])("creel %s %s helps", (...args) => {
  expect(parse(...args)).toMatchObject({ type: "print", exitCode: 0, text: expect.stringContaining("creel ssh ada") });
});
