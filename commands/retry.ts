import { retrying } from "../src/questions/retry.ts";
import type { Command } from "./command.ts";
import { required } from "./command.ts";

export const retry: Command = {
  name: "retry",
  summary: "Go on cleaning up behind an operation that is stuck",
  label: "Retry",
  tone: "good",
  options: [{ name: "operation", summary: "Its id", kind: "operation", among: "stuck", required: true, bare: true }],
  request: (values) => retrying(required(values.operationId("operation"), "operation")),
};
