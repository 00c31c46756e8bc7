import { wanted } from "../src/operations/kind.ts";
import { configure as operation } from "../src/operations/settings/configure.ts";
import { type Command, required } from "./command.ts";

export const configure: Command = {
  name: "configure",
  summary: "Hand an agent what has changed in creel.yaml",
  label: "Configure",
  tone: "plain",
  options: [{ name: "agent", summary: "Whose settings", kind: "agent", required: true, bare: true }],
  request(values) {
    const agent = required(values.agentName("agent"), "agent");
    return { type: "operation", ...wanted(operation, agent, { agent }) };
  },
};
