import { type AgentChannel, SERVICE_NAMES } from "../src/core/agent-settings.ts";
import type { AgentName } from "../src/core/names.ts";
import { wanted } from "../src/operations/kind.ts";
import { askAboutBot, newBot } from "../src/operations/settings/ask-services.ts";
import { connect as operation } from "../src/operations/settings/connect.ts";
import { settingsOf } from "../src/operations/settings/setup.ts";
import type { Sources } from "../src/questions/question.ts";
import type { PrivateNeed } from "./command.ts";

interface Asked {
  readonly agent: AgentName;
  readonly channel: AgentChannel;
  /** Although there is one. */
  readonly isAnew: boolean;
}

/** The token of the agent's bot, when it has none there, or is to have another one. @throws OpsError `config-invalid`. */
export async function tokenNeed({ services }: Sources, { agent, channel, isAnew }: Asked): Promise<PrivateNeed | null> {
  const record = await services.registry.get(agent);
  const [said, now] = await Promise.all([
    settingsOf(services, agent, {}),
    settingsOf(services, agent, record?.settings.chosen ?? {}),
  ]);
  if (!isAnew && (said.channels[channel]?.token ?? now.channels[channel]?.token) != null) return null;
  return {
    question: {
      title: `The token of ${agent}'s bot`.slice(0, 45),
      text: `People write to ${agent} through a bot of its own on ${SERVICE_NAMES[channel]}. To make one, ${newBot(channel)}.`,
      instead: "token:vault:NAME",
    },
    async take(token, { services: here }) {
      // Where the gateway will take it to; only creel.yaml says another place.
      const apiRoot = (await settingsOf(here, agent, {})).channels[channel]?.apiRoot ?? null;
      await askAboutBot(here, { agent, channel, apiRoot, token });
      const ref = await here.keepSecret(`${agent}-${channel}`, token);
      return wanted(operation, agent, { agent, channel, token: ref });
    },
  };
}
