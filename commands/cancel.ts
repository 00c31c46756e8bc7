import type { Command } from "./command.ts";
import { required } from "./command.ts";

export const cancel: Command = {
  name: "cancel",
  summary: "Stop an operation and clean up behind it",
  options: [{ name: "operation", summary: "Its id", kind: "operation", required: true, bare: true }],
  request: (values) => ({ type: "cancel", operation: required(values.operationId("operation"), "operation") }),
  confirmation: () => null,
};
