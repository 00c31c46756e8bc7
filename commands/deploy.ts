import type { Command } from "./command.ts";

export const deploy: Command = {
  name: "deploy",
  summary: "Create a host and run a new agent on it",
  options: [
    { name: "name", summary: "What to call the agent", kind: "new-agent", required: true, bare: true },
    { name: "provider", summary: "Where its host is created", kind: "text", required: false },
    { name: "region", summary: "The provider's region", kind: "text", required: false },
    { name: "size", summary: "The provider's size of host", kind: "text", required: false },
  ],
  request(values) {
    const agent = values.agentName("name");
    return {
      type: "operation",
      kind: "deploy",
      agent,
      params: {
        name: agent,
        provider: values.text("provider"),
        region: values.text("region"),
        size: values.text("size"),
      },
    };
  },
  confirmation: () => null,
};
