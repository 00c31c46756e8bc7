import { cancelling } from "../src/questions/cancel.ts";
import type { Command } from "./command.ts";
import { required } from "./command.ts";

export const cancel: Command = {
  name: "cancel",
  summary: "Stop an operation and clean up behind it",
  label: "Cancel",
  tone: "danger",
  options: [{ name: "operation", summary: "Its id", kind: "operation", among: "open", required: true, bare: true }],
  request: (values) => cancelling(required(values.operationId("operation"), "operation")),
};
