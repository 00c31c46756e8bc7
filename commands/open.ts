import { open as question } from "../src/questions/open.ts";
import { asks } from "../src/questions/question.ts";
import { type Command, required } from "./command.ts";

export const open: Command = {
  name: "open",
  summary: "Tell how to open an agent's page in a browser",
  label: "Open",
  tone: "plain",
  options: [{ name: "agent", summary: "Whose page", kind: "agent", required: true, bare: true }],
  request: (values) => asks(question, { agent: required(values.agentName("agent"), "agent") }),
};
