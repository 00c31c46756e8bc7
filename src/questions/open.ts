import { pageOff } from "../core/agent.ts";
import { message, text } from "../core/message.ts";
import type { AgentName } from "../core/names.ts";
import { agentNamed } from "../operations/machine.ts";
import type { Question } from "./question.ts";

interface Page {
  readonly agent: AgentName;
  /** As its gateway was given it last. */
  readonly isOn: boolean;
}

/** How to open an agent's page. The link to it is a secret, and is made where it is opened. */
export const open: Question<{ readonly agent: AgentName }, Page> = {
  async ask({ services }, { agent }) {
    const { settings } = await agentNamed(services.registry, agent);
    return { agent, isOn: settings.applied?.controlUi === true };
  },
  show({ agent, isOn }) {
    const off = pageOff(agent);
    const there = `creel open ${agent} on the machine where Creel runs.`;
    const title = isOn ? `Type ${there}` : off.userMessage;
    const how = isOn ? "It prints a link to the agent's page, for a browser there." : `${off.hint} Then type ${there}`;
    return message(title, "plain", [text(how)], { private: true });
  },
};
