import type { Command } from "../../commands/command.ts";
import type { AgentRegistry } from "../core/agent.ts";
import type { Choice } from "../core/desk.ts";
import { isEnded } from "../core/operation.ts";
import type { Operations } from "../operations/journal.ts";

/** What Discord takes at most. */
const MOST_CHOICES = 25;

interface Sources {
  readonly commands: readonly Command[];
  readonly registry: AgentRegistry;
  readonly operations: Operations;
}

export async function complete(
  sources: Sources,
  commandName: string,
  optionName: string,
  prefix: string,
): Promise<Choice[]> {
  const command = sources.commands.find((candidate) => candidate.name === commandName);
  const option = command?.options.find((candidate) => candidate.name === optionName);
  if (option === undefined) return [];
  const choices = await choicesOf(sources, option.kind, option.choices ?? []);
  return choices.filter((choice) => choice.value.startsWith(prefix.toLowerCase())).slice(0, MOST_CHOICES);
}

async function choicesOf(sources: Sources, kind: string, fixed: readonly string[]): Promise<Choice[]> {
  if (kind === "agent") {
    const agents = await sources.registry.list();
    return agents.map((agent) => ({ value: agent.name, label: `${agent.name} (${agent.state})` }));
  }
  if (kind === "operation") {
    // Completing an id is wanted for stopping things; what has ended cannot be stopped.
    const recent = await sources.operations.recent({ agent: null, limit: 100 });
    return recent
      .filter((operation) => !isEnded(operation))
      .map((operation) => ({
        value: operation.id,
        label: [operation.kind, operation.agent, operation.state].filter((part) => part !== null).join(" "),
      }));
  }
  return fixed.map((value) => ({ value, label: value }));
}
