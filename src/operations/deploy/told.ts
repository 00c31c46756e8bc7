import { z } from "zod";
import { AGENT_CHANNELS, SERVICE_NAMES } from "../../core/agent-settings.ts";
import type { Json } from "../../core/json.ts";
import type { AgentName } from "../../core/names.ts";
import type { Told, Trouble } from "../kind.ts";
import { factsOf, listed, lookAt, networkTrouble, networkWord, understood } from "../told.ts";

/** Of the result of a deploy, which perhaps another version of Creel wrote: what the agent can do, and what it still lacks. */
export function tellOfDeploy(agent: AgentName | null, result: Json): Told {
  const made = understood(result, {
    ...{ version: z.string(), host: z.string(), address: z.string() },
    ...{ network: z.string(), networkTrouble: z.string().nullable(), tooOldDays: z.number() },
    ...{ model: z.string().nullable(), answer: z.string().nullable(), answerTrouble: z.string() },
    waiting: z.array(z.enum(AGENT_CHANNELS)),
    ...{ bots: z.record(z.string(), z.string().nullable()), botTrouble: z.string(), warnings: z.array(z.string()) },
  });
  const { waiting = [] } = made;
  const bots = AGENT_CHANNELS.flatMap((channel) => {
    const name = made.bots?.[channel];
    return name == null ? [] : [[SERVICE_NAMES[channel], `@${name}`] as const];
  });
  const facts = factsOf({
    OpenClaw: made.version,
    Host: [made.host, made.address].filter((part) => part !== undefined).join(" at ") || undefined,
    Network: networkWord(made.network),
    "Golden image":
      made.tooOldDays === undefined
        ? undefined
        : `${made.tooOldDays} days old, without security updates since; /image build makes a new one`,
    Model: made.model === null ? "none yet, so it cannot answer" : made.model,
    "First answer": made.answer ?? undefined,
    ...Object.fromEntries(
      bots.map(([service, bot]) => [
        service,
        made.answerTrouble || made.botTrouble ? bot : `${bot} is listening. Write to it.`,
      ]),
    ),
    ...Object.fromEntries(waiting.map((channel) => [SERVICE_NAMES[channel], "its bot's token is missing"])),
    Workspace: listed(made.warnings),
  });
  const isAlone = made.bots !== undefined && bots.length === 0 && waiting.length === 0;
  const lacks = [
    ...(made.model === null ? [`/model agent:${agent}`] : []),
    ...waiting.map((channel) => `/connect agent:${agent} channel:${channel}`),
    ...(isAlone ? [`/connect agent:${agent}`] : []),
  ];
  return {
    facts,
    trouble: networkTrouble(made.network, made.networkTrouble) ?? setupTrouble(agent, made),
    next: [...(agent === null ? [] : lacks), ...lookAt(agent)],
  };
}

interface Seen {
  readonly answerTrouble: string | undefined;
  readonly botTrouble: string | undefined;
}

function setupTrouble(agent: AgentName | null, { answerTrouble, botTrouble }: Seen): Trouble | null {
  const whys = [answerTrouble, botTrouble].filter((why) => why !== undefined);
  if (whys.length === 0) return null;
  const but = answerTrouble === undefined ? "its bot is not connected" : "it does not answer";
  const help = answerTrouble === undefined ? `/connect agent:${agent}` : `/model agent:${agent}`;
  const anew = answerTrouble === undefined ? "token:new" : "key:new";
  return { but, why: `${whys.join(" ")} ${help} changes that; with ${anew} it asks for another one.` };
}
