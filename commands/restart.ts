import { wanted } from "../src/operations/kind.ts";
import { restart as operation } from "../src/operations/restart.ts";
import { type Command, required } from "./command.ts";

export const restart: Command = {
  name: "restart",
  summary: "Bring an agent back, or start it afresh",
  label: "Restart",
  tone: "good",
  options: [{ name: "agent", summary: "The agent to restart", kind: "agent", required: true, bare: true }],
  request(values) {
    const agent = required(values.agentName("agent"), "agent");
    return { type: "operation", ...wanted(operation, agent, { agent }) };
  },
};
