import { destroy as operation } from "../src/operations/destroy.ts";
import { wanted } from "../src/operations/kind.ts";
import type { Command } from "./command.ts";
import { required } from "./command.ts";

export const destroy: Command = {
  name: "destroy",
  summary: "Remove an agent and its host for good",
  label: "Destroy",
  tone: "danger",
  options: [{ name: "agent", summary: "The agent to remove", kind: "agent", required: true, bare: true }],
  request(values) {
    const agent = required(values.agentName("agent"), "agent");
    return {
      type: "operation",
      ...wanted(operation, agent, { agent }),
      confirmation: {
        question: `This stops ${agent} and removes its host with everything on it. It cannot be undone.`,
        expected: agent,
      },
    };
  },
};
