import { history as question } from "../src/questions/history.ts";
import { asks } from "../src/questions/question.ts";
import type { Command } from "./command.ts";

const DEFAULT_LINES = 20;

export const history: Command = {
  name: "history",
  summary: "Show who asked for what and how it ended",
  label: "History",
  tone: "plain",
  options: [
    {
      name: "agent",
      summary: "Only what concerns this agent",
      kind: "agent",
      orFormer: true,
      required: false,
      bare: true,
    },
    {
      name: "lines",
      summary: `How many lines (${DEFAULT_LINES} unless told)`,
      kind: "count",
      required: false,
      min: 1,
      max: 200,
      bare: true,
    },
    { name: "page", summary: "2 goes on where 1 ends", kind: "count", required: false, min: 1, max: 500 },
  ],
  request: (values) =>
    asks(question, {
      agent: values.agentName("agent"),
      lines: values.count("lines") ?? DEFAULT_LINES,
      page: values.count("page") ?? 1,
    }),
};
