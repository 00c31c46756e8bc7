import { AGENT_CHANNELS, type AgentChannel } from "../src/core/agent-settings.ts";
import { wanted } from "../src/operations/kind.ts";
import { connect as operation } from "../src/operations/settings/connect.ts";
import { tokenNeed } from "./bot-token.ts";
import { ASKED_ANEW, type Command, type OptionValues, required } from "./command.ts";

export const connect: Command = {
  name: "connect",
  summary: "Let people write to an agent through a bot of its own",
  label: "Connect",
  tone: "good",
  options: [
    { name: "agent", summary: "The agent they write to", kind: "agent", required: true, bare: true },
    {
      name: "channel",
      summary: "Where they write",
      kind: "choice",
      choices: AGENT_CHANNELS,
      required: true,
      bare: true,
    },
    {
      name: "token",
      summary: "Where the bot's token is, such as vault:NAME; asked for when left out, and again with new",
      kind: "secret-ref",
      required: false,
    },
  ],
  request(values) {
    const agent = required(values.agentName("agent"), "agent");
    const params = { agent, channel: channelIn(values), token: values.secretRef("token") };
    const isAnew = values.text("token") === ASKED_ANEW;
    return {
      type: "operation",
      ...wanted(operation, agent, params),
      needs: async (sources) => (params.token === null ? await tokenNeed(sources, { ...params, isAnew }) : null),
    };
  },
};

/** What validation has let through is one of them. */
export function channelIn(values: OptionValues): AgentChannel {
  const given = values.text("channel");
  return required(AGENT_CHANNELS.find((channel) => channel === given) ?? null, "channel");
}
