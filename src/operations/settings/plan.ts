import { z } from "zod";
import { type Difference, differences, inWords } from "../../agent-settings/differences.ts";
import { agentSettings, keptSettings } from "../../agent-settings/schema.ts";
import type { Agent } from "../../core/agent.ts";
import type { AgentSettings, KeptSettings, SettingsLayer } from "../../core/agent-settings.ts";
import type { Json } from "../../core/json.ts";
import { secretsIn } from "../../core/secrets.ts";
import type { SettingsPorts } from "./ports.ts";
import { settingsOf } from "./setup.ts";

type Stored<Value> = z.ZodType<Value & Readonly<Record<string, Json>>, Value>;

/** What changing an agent's settings comes to. Holds references to secrets only. */
export interface Plan {
  readonly before: KeptSettings;
  readonly chosen: SettingsLayer;
  readonly settings: AgentSettings;
  readonly changes: readonly Difference[];
  /** What was chosen by command and is not what creel.yaml says, one sentence each. */
  readonly overrides: readonly string[];
}

export const planSchema = z.strictObject({
  before: keptSettings,
  chosen: z.record(z.string(), z.json()),
  settings: agentSettings,
  changes: z.array(z.strictObject({ setting: z.string(), from: z.string().nullable(), to: z.string().nullable() })),
  overrides: z.array(z.string()),
}) as unknown as Stored<Plan>;

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
  const overrides = differences(said, settings).flatMap(({ setting, from, to }) =>
    from === null ? [] : [`${setting}: ${to ?? "none"}, chosen by command, wins over ${from} in creel.yaml.`],
  );
  return { before, chosen, settings, changes, overrides };
}

/** One sentence's worth each, such as `model: none → openai/gpt-5.5`. */
export function changesOf({ changes }: Plan): string[] {
  return changes.map(inWords);
}

/** Whether carrying it out could make any difference: what a secret is may have changed while its name has not. */
export function isIdle({ before, chosen, settings, changes }: Plan): boolean {
  const same = JSON.stringify(before.chosen) === JSON.stringify(chosen);
  return same && changes.length === 0 && secretsIn(settings).length === 0;
}
