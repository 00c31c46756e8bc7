import { expect, test } from "vitest";
import { commands } from "../../commands/index.ts";
import { understand } from "../../commands/understand.ts";

const asked = (command: string, options: Record<string, string>) =>
  understand({ command, options, confirmation: null }, commands);

test.each([
  ["Deploy", { name: "Ada" }, "deploy", { name: "ada" }],
  ["logs", { agent: "\u2060ALPHA\u200b " }, "logs", { agent: "alpha" }],
  ["cancel", { operation: "0123456789ABCDEF" }, "cancel", { operation: "0123456789abcdef" }],
  ["image", { action: "Build" }, "image", { action: "build" }],
  ["deploy", { size: "\u00a0Large", region: "Local" }, "deploy", { size: "large", region: "local" }],
  ["logs", { agent: "Ada.", lines: "5." }, "logs", { agent: "ada", lines: "5" }],
  ["deploy", { name: "bob…" }, "deploy", { name: "bob" }],
  ["restart", { agent: "ada!" }, "restart", { agent: "ada" }],
  ["Nope", { x: "Y" }, "Nope", { x: "Y" }],
])("/%s %j", (command, options, name, expected) => {
  expect(asked(command, options)).toEqual({ command: name, options: expected, confirmation: null });
});
