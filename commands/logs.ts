import { logs as question } from "../src/questions/logs.ts";
import { asks } from "../src/questions/question.ts";
import type { Command } from "./command.ts";
import { required } from "./command.ts";

const DEFAULT_LINES = 50;

export const logs: Command = {
  name: "logs",
  summary: "Show the end of an agent's log",
  label: "Logs",
  tone: "plain",
  options: [
    { name: "agent", summary: "Whose log", kind: "agent", required: true, bare: true },
    {
      name: "lines",
      summary: `How many lines (${DEFAULT_LINES} unless told)`,
      kind: "count",
      required: false,
      min: 1,
      max: 1000,
      bare: true,
    },
  ],
  request: (values) =>
    asks(question, {
      agent: required(values.agentName("agent"), "agent"),
      lines: values.count("lines") ?? DEFAULT_LINES,
    }),
};
