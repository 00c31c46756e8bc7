import type { Command } from "./command.ts";

export const history: Command = {
  name: "history",
  summary: "Show who asked for what and how it ended",
  options: [{ name: "agent", summary: "Only what concerns this agent", kind: "agent", required: false, bare: true }],
  request: (values) => ({ type: "history", agent: values.agentName("agent") }),
  confirmation: () => null,
};
