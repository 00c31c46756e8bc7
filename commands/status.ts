import { asks } from "../src/questions/question.ts";
import { status as question } from "../src/questions/status/status.ts";
import type { Command } from "./command.ts";

export const status: Command = {
  name: "status",
  summary: "Show the agents and how they are",
  label: "Status",
  tone: "plain",
  options: [{ name: "agent", summary: "Only this agent, in detail", kind: "agent", required: false, bare: true }],
  request: (values) => asks(question, { agent: values.agentName("agent") }),
};
