import type { Command } from "./command.ts";

export const destroy: Command = {
  name: "destroy",
  summary: "Remove an agent and its host for good",
  options: [{ name: "agent", summary: "The agent to remove", kind: "agent", required: true, bare: true }],
  request(values) {
    const agent = values.agentName("agent");
    return { type: "operation", kind: "destroy", agent, params: { agent } };
  },
  confirmation(request) {
    if (request.type !== "operation" || request.agent === null) return null;
    return {
      question: `This stops ${request.agent} and removes its host with everything on it. It cannot be undone.`,
      expected: request.agent,
    };
  },
};
