import { type Message, message, text } from "../../core/message.ts";
import type { AgentName } from "../../core/names.ts";

/** Before a link, which stands alone. */
export function renderLink(agent: AgentName, port: number): Message {
  return message(`The page of ${agent} can be opened on this machine, with this link:`, "good", [
    text("It works once, within ten minutes. Whoever opens it owns the agent: give it to nobody."),
    text(`For a browser elsewhere: ssh -L ${port}:127.0.0.1:${port} to this machine first, from there.`),
  ]);
}

export function renderStaying(): Message {
  return message("Enter makes a new link. Ctrl-C closes the way to the page.", "plain", []);
}

export function renderMakingLink(agent: AgentName): Message {
  return message(`Asking the gateway of ${agent} for a link, which takes some ten seconds…`, "plain", []);
}

export function renderPageLost(agent: AgentName, why: string): Message {
  return message(`${agent} cannot be reached; trying again until it can.`, "plain", [text(why)]);
}

export function renderPageBack(agent: AgentName): Message {
  return message(`${agent} is back, and so is its page.`, "good", [
    text("Reload it in the browser. Should it ask who you are, Enter makes a new link."),
  ]);
}
