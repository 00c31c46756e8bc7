import { type Message, message } from "../src/core/message.ts";
import type { AgentName } from "../src/core/names.ts";
import { wanted } from "../src/operations/kind.ts";
import { configure as operation } from "../src/operations/settings/configure.ts";
import { type Choose, changesOf, isIdle, overridesOf } from "../src/operations/settings/plan.ts";
import type { Sources } from "../src/questions/question.ts";
import { type Command, type Confirmation, required } from "./command.ts";
import { notesOn, planned } from "./planned.ts";

export const configure: Command = {
  name: "configure",
  summary: "Hand an agent what has changed in creel.yaml",
  label: "Configure",
  tone: "plain",
  options: [{ name: "agent", summary: "Whose settings", kind: "agent", required: true, bare: true }],
  request(values) {
    const agent = required(values.agentName("agent"), "agent");
    return {
      type: "operation",
      ...wanted(operation, agent, { agent }),
      nothingToDo: (sources) => nothingNew(sources, agent),
      confirmation: (sources) => whatWouldChange(sources, agent),
    };
  },
};

const asItIs: Choose = (chosen) => chosen;

async function nothingNew(sources: Sources, agent: AgentName): Promise<Message | null> {
  const plan = await planned(sources, agent, asItIs);
  if (plan === null || !isIdle(plan)) return null;
  return message(`${agent} has everything that creel.yaml says.`, "plain", notesOn(plan));
}

async function whatWouldChange(sources: Sources, agent: AgentName): Promise<Confirmation> {
  const plan = await planned(sources, agent, asItIs);
  if (plan === null) return { question: `This hands ${agent} what creel.yaml says.`, expected: agent };
  const changes = changesOf(plan);
  const what =
    changes.length === 0 ? "No setting has changed; its secrets are handed over anew." : `${changes.join("; ")}.`;
  const notes = overridesOf(plan);
  const question = [`This changes the settings of ${agent} while it serves: ${what}`, ...notes].join(" ");
  return { question: changes.length === 0 ? [what, ...notes].join(" ") : question, expected: agent };
}
