import { ask as operation } from "../src/operations/ask.ts";
import { wanted } from "../src/operations/kind.ts";
import { type Command, required } from "./command.ts";

export const ask: Command = {
  name: "ask",
  summary: "Ask an agent something",
  label: "Ask",
  tone: "plain",
  options: [
    { name: "agent", summary: "Whom to ask", kind: "agent", required: true, bare: true },
    { name: "message", summary: "What to say to it", kind: "text", required: true, bare: true, rest: true },
  ],
  request(values) {
    const agent = required(values.agentName("agent"), "agent");
    const message = required(values.text("message"), "message");
    return { type: "operation", ...wanted(operation, agent, { agent, message }) };
  },
};
