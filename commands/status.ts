import type { Command } from "./command.ts";

export const status: Command = {
  name: "status",
  summary: "Show the agents and how they are",
  options: [{ name: "agent", summary: "Only this agent, in detail", kind: "agent", required: false, bare: true }],
  request: (values) => ({ type: "status", agent: values.agentName("agent") }),
  confirmation: () => null,
};
