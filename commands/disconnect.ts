import { AGENT_CHANNELS, SERVICE_NAMES } from "../src/core/agent-settings.ts";
import { wanted } from "../src/operations/kind.ts";
import { disconnectChange, disconnect as operation } from "../src/operations/settings/disconnect.ts";
import { type Command, required } from "./command.ts";
import { channelIn } from "./connect.ts";
import { ifSame, planned } from "./planned.ts";

export const disconnect: Command = {
  name: "disconnect",
  summary: "Take a bot away from an agent; its token stays in the vault",
  label: "Disconnect",
  tone: "plain",
  options: [
    { name: "agent", summary: "Whose bot", kind: "agent", required: true, bare: true },
    { name: "channel", summary: "Where", kind: "choice", choices: AGENT_CHANNELS, required: true, bare: true },
  ],
  request(values) {
    const agent = required(values.agentName("agent"), "agent");
    const params = { agent, channel: channelIn(values) };
    return {
      type: "operation",
      ...wanted(operation, agent, params),
      async nothingToDo(sources) {
        const plan = await planned(sources, agent, disconnectChange.choose(sources.services, params));
        return ifSame(plan, `${agent} has no bot on ${SERVICE_NAMES[params.channel]}.`);
      },
    };
  },
};
