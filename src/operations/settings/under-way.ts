import type { Agent, AgentRegistry, SettingsChange } from "../../core/agent.ts";
import { type AgentSettings, NO_SETTINGS } from "../../core/agent-settings.ts";
import { OpsError } from "../../core/errors.ts";
import type { AgentName, OperationId } from "../../core/names.ts";
import { agentNamed } from "../machine.ts";

/** A change of settings is kept with the agent: it may be larger than a journal takes, and has to be the same for a worker that takes over. */
export interface UnderWay {
  readonly agent: Agent;
  readonly change: SettingsChange;
  /** What it comes to. */
  readonly settings: AgentSettings;
}

/** @throws OpsError `not-found` without the agent, `wrong-state` when the operation is changing nothing of it any more. */
export async function underWay(
  registry: Pick<AgentRegistry, "get">,
  name: AgentName,
  operation: OperationId,
): Promise<UnderWay> {
  const agent = await agentNamed(registry, name);
  const { change } = agent;
  if (change?.operation === operation) return { agent, change, settings: change.after.applied ?? NO_SETTINGS };
  throw new OpsError({
    code: "wrong-state",
    userMessage: `The record of ${name} was written anew meanwhile, and does not have what was to be changed.`,
    hint: "Ask for it once more.",
  });
}

/** Of an agent whose settings are changed no more. Pure. */
export function withoutChange({ change: _over, ...agent }: Agent): Agent {
  return agent;
}
