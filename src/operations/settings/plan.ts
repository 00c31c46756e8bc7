import { z } from "zod";
import {
  concernChannel,
  concernModel,
  type Difference,
  differences,
  inWords,
} from "../../agent-settings/differences.ts";
import type { Agent } from "../../core/agent.ts";
import {
  AGENT_CHANNELS,
  type AgentSettings,
  channelsGiven,
  type KeptSettings,
  type SettingsLayer,
} from "../../core/agent-settings.ts";
import type { AgentName } from "../../core/names.ts";
import { secretsIn } from "../../core/secrets.ts";
import type { SettingsPorts } from "./ports.ts";
import { settingsOf } from "./setup.ts";

/** More than this many are counted. */
const MOST_TOLD = 12;

/** What changing an agent's settings comes to. Holds references to secrets only. */
export interface Plan {
  readonly before: KeptSettings;
  readonly chosen: SettingsLayer;
  readonly settings: AgentSettings;
  readonly changes: readonly Difference[];
  /** What creel.yaml says and does not hold, as it was chosen otherwise by command or is for new agents, one sentence each. */
  readonly overrides: readonly string[];
  /** How to give that up, one sentence each. */
  readonly waysBack: readonly string[];
}

/** What a journal holds of a plan, whatever its size. */
export const outlineSchema = z.strictObject({
  isIdle: z.boolean(),
  model: z.string().nullable(),
  /** Whether anything was changed that has to do with how the agent answers. */
  isModelChanged: z.boolean(),
  /** Channels of which anything was changed, and those that the gateway is given. */
  changed: z.array(z.enum(AGENT_CHANNELS)),
  given: z.array(z.enum(AGENT_CHANNELS)),
  /** For people. */
  changes: z.array(z.string()),
  overrides: z.array(z.string()),
});

/** Pure. */
export function outlineOf(plan: Plan): z.output<typeof outlineSchema> {
  const { settings, changes } = plan;
  return {
    ...{ isIdle: isIdle(plan), model: settings.model, isModelChanged: concernModel(changes) },
    changed: AGENT_CHANNELS.filter((channel) => concernChannel(changes, channel)),
    given: channelsGiven(settings),
    ...{ changes: changesOf(plan), overrides: overridesOf(plan) },
  };
}

/** How a command changes what is chosen, given what creel.yaml says without it. @throws OpsError `input-invalid`. */
export type Choose = (chosen: SettingsLayer, said: AgentSettings) => SettingsLayer;

/** Changes nothing. @throws OpsError `config-invalid`, and what `choose` throws. */
export async function planFor(
  ports: Pick<SettingsPorts, "layersFor">,
  { name, settings: before }: Pick<Agent, "name" | "settings">,
  choose: Choose,
): Promise<Plan> {
  const said = await settingsOf(ports, name, {});
  const chosen = choose(before.chosen, said);
  const settings = await settingsOf(ports, name, chosen);
  const changes = differences(before.applied, settings);
  const winning = differences(said, settings).filter(({ from }) => from !== null);
  const overrides = winning.map(
    ({ setting, from, to }) => `${setting}: ${to ?? "none"}, chosen by command, wins over ${from} in creel.yaml.`,
  );
  const waysBack = [...new Set(winning.map((one) => wayBack(name, one)))];
  return { before, chosen, settings, changes, overrides: [...overrides, ...stays(before.applied, settings)], waysBack };
}

/** What creel.yaml says by now and an agent that is there does not get. */
function stays(before: AgentSettings | null, { workspace }: AgentSettings): string[] {
  if (before === null || workspace === null || before.workspace === workspace) return [];
  return ["workspace: only a new agent is given one; what this one has stays."];
}

/** One sentence's worth each, such as `model: none → openai/gpt-5.5`. */
export function changesOf({ changes }: Plan): string[] {
  return counted(changes.map(inWords));
}

/** What was chosen by command and is not what creel.yaml says, and how to give that up, one sentence each. */
export function overridesOf({ overrides, waysBack }: Plan): string[] {
  return [...counted(overrides), ...waysBack];
}

/** `setting`: one that was chosen, to be what creel.yaml says again. */
function wayBack(agent: AgentName, { setting, to }: Difference): string {
  const [group, channel] = setting.split(".");
  if (group !== "channels") return `/model agent:${agent} model:default goes back to creel.yaml.`;
  const connect = `/connect agent:${agent} channel:${channel}`;
  return to === null
    ? `${connect} goes back to creel.yaml.`
    : `/disconnect agent:${agent} channel:${channel} and then ${connect} go back to creel.yaml.`;
}

function counted(texts: readonly string[]): string[] {
  const more = texts.length - MOST_TOLD;
  return [...texts.slice(0, MOST_TOLD), ...(more > 0 ? [`and ${more} more`] : [])];
}

/** Whether carrying it out could make any difference: what a secret is may have changed while its name has not. */
export function isIdle({ before, chosen, settings, changes }: Plan): boolean {
  const same = JSON.stringify(before.chosen) === JSON.stringify(chosen);
  return same && changes.length === 0 && secretsIn(settings).length === 0;
}
