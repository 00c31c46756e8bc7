import { lastToSay } from "../agent-settings/origin.ts";
import type { Agent } from "../core/agent.ts";
import { overridesOf, planFor } from "../operations/settings/plan.ts";
import type { SettingsPorts } from "../operations/settings/ports.ts";

/** What creel.yaml has to do with what an agent is set up with. */
export interface Origins {
  /** Half a sentence on who said which model it has; null: it has none, or another one than it is to have. */
  readonly model: string | null;
  /** What was chosen by command and is not what creel.yaml says, and how to give it up, one sentence each. */
  readonly overrides: readonly string[];
  /** Settings that creel.yaml says otherwise by now, such as `timeZone`. */
  readonly changed: readonly string[];
}

/** null: it cannot be said, such as while creel.yaml cannot be read. */
export async function originsOf(ports: Pick<SettingsPorts, "layersFor">, agent: Agent): Promise<Origins | null> {
  const { name, state, settings, change, isUnread } = agent;
  if (state !== "serving" || settings.applied === null || change !== undefined || isUnread === true) return null;
  try {
    const plan = await planFor(ports, agent, (chosen) => chosen);
    const places = ["from agents.defaults", `from agents.named.${name}`];
    const layers = await ports.layersFor(name);
    const isAsMeant = settings.applied.model !== null && settings.applied.model === plan.settings.model;
    const place = lastToSay([...layers, settings.chosen], "model");
    const model = place === layers.length ? "chosen by command" : (places[place] ?? null);
    return {
      model: isAsMeant ? model : null,
      overrides: overridesOf(plan),
      changed: plan.changes.map(({ setting }) => setting),
    };
  } catch {
    return null;
  }
}
