import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CommandRequest } from "../../commands/command.ts";
import { commands } from "../../commands/index.ts";
import { parseLine } from "../../commands/parse.ts";
import { usageOf } from "../../commands/usage.ts";
import { findCommand, validateOptions } from "../../commands/validate.ts";
import { OpsError } from "../../src/core/errors.ts";

function request(line: string): CommandRequest {
  const { command: name, options } = parseLine(line, commands);
  const command = findCommand(name, commands);
  return command.request(validateOptions(command, options));
}

function refusal(line: string): OpsError {
  try {
    request(line);
  } catch (error) {
    if (error instanceof OpsError) return error;
    throw error;
  }
  throw new Error(`${line} was not refused`);
}

test.each([
  ["/deploy ada", { kind: "deploy", agent: "ada", params: { name: "ada", provider: null, region: null, size: null } }],
  [
    "/deploy name:ada provider:local region:here size:small",
    { kind: "deploy", params: { name: "ada", provider: "local", region: "here", size: "small" } },
  ],
  ["/destroy ada", { kind: "destroy", agent: "ada", params: { agent: "ada" } }],
  ["/logs ada", { type: "question", params: { agent: "ada", lines: 50 } }],
  ["/logs ada 5", { type: "question", params: { agent: "ada", lines: 5 } }],
  ["/logs ada lines:1000", { type: "question", params: { agent: "ada", lines: 1000 } }],
  ["/status", { type: "question", params: { agent: null } }],
  ["/image", { type: "question", params: null }],
  ["/image build", { kind: "image-build", agent: null, params: { provider: null, force: false } }],
  ["/image build force:yes", { kind: "image-build", params: { provider: null, force: true } }],
  ["/cancel 0123456789abcdef", { type: "control", params: { operation: "0123456789abcdef" } }],
  ["/history agent:ada", { type: "question", params: { agent: "ada", lines: 20, page: 1 } }],
  ["/history ada 5 page:3", { type: "question", params: { agent: "ada", lines: 5, page: 3 } }],
  ["/help deploy", { type: "question", params: { about: "deploy" } }],
])("%s asks for the right thing", (line, expected) => {
  expect(request(line)).toMatchObject(expected);
});

test.each([
  ["/deply ada", "/deploy?"],
  ["/stauts", "/status?"],
  ["/deploy nmae:ada", "name:?"],
  ["/image biuld", "build?"],
  ["/deploy", "Usage: /deploy NAME"],
  ["/model ada", "Such as /model agent:ada model:openai/gpt-5.5"],
  ["/logs ada lines:0", "Usage: /logs"],
  ["/logs ada lines:1001", "Usage: /logs"],
  ["/logs ada lines:1e2", "Usage: /logs"],
  ["/logs ada lines:-5", "Usage: /logs"],
  ["/logs ada -5", "Usage: /logs"],
  ["/logs ada all", "Usage: /logs"],
  ["/deploy name:..", "Use 1 to 32"],
  ["/deploy name:''", "Use 1 to 32"],
  [`/deploy name:${"a".repeat(64)}`, "Use 1 to 32"],
  ["/deploy name:ädä", "Use 1 to 32"],
  ['/deploy name:"a\nb"', "Use 1 to 32"],
  [`/deploy ada size:${"x".repeat(201)}`, "Usage: /deploy"],
  ["/deploy ada __proto__:x", "Usage"],
  ["/deploy ada constructor:x", "Usage"],
])("%s is refused with advice", (line, hint) => {
  const error = refusal(line);
  expect(error.code).toBe("input-invalid");
  expect(error.hint).toContain(hint);
});

describe("confirmations", () => {
  const confirmation = (line: string) => {
    const asked = request(line);
    const given = asked.type === "operation" ? asked.confirmation : undefined;
    return typeof given === "function" ? expect.fail("It depends on how things are.") : given;
  };

  test("destroying asks for the agent's name, building for yes, nothing else asks", () => {
    expect(confirmation("/destroy agent:ada")?.expected).toBe("ada");
    expect(confirmation("/image build")?.expected).toBe("yes");
    expect(confirmation("/image status")).toBeUndefined();
    expect(confirmation("/deploy ada")).toBeUndefined();
  });
});

test("usage lines", () => {
  const lines = commands.map(usageOf);
  for (const line of [
    "/deploy NAME [provider:] [region:] [size:]",
    "/status [AGENT]",
    "/logs AGENT [LINES]",
    "/restart AGENT",
    "/destroy AGENT",
    "/image [status|build] [force:yes|no]",
    "/cancel OPERATION",
    "/retry OPERATION",
    "/history [AGENT] [LINES] [page:]",
    "/help [COMMAND]",
  ]) {
    expect(lines).toContain(line);
  }
});

test("options of any name and value are either valid or refused", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...commands),
      fc.dictionary(
        fc.oneof(fc.constantFrom("name", "agent", "lines", "action", "size"), fc.string()),
        fc.string({ unit: "binary" }),
      ),
      (command, options) => {
        try {
          command.request(validateOptions(command, options));
        } catch (error) {
          expect(error).toMatchObject({ name: "OpsError", code: "input-invalid" });
        }
      },
    ),
  );
});
