import type { Command, CommandRequest } from "../../commands/command.ts";
import { nearest } from "../../commands/suggest.ts";
import { type AgentRegistry, noSuchAgent } from "../core/agent.ts";
import type { Submission } from "../core/desk.ts";
import type { OpsError } from "../core/errors.ts";
import { parseAgentName } from "../core/names.ts";
import { isEnded } from "../core/operation.ts";
import type { Operations } from "../operations/journal.ts";

/**
 * Refuses a command about an agent nobody knows, before anything is confirmed or queued. History outlives agents, so it is never refused.
 * An agent whose first operation is still waiting counts as known. @throws OpsError `not-found`.
 */
export async function checkAgentKnown(
  parts: { readonly registry: AgentRegistry; readonly operations: Operations },
  command: Command,
  request: CommandRequest,
  submission: Submission,
): Promise<void> {
  if (request.type === "history") return;
  for (const option of command.options) {
    const value = submission.options[option.name];
    if (option.kind !== "agent" || value === undefined) continue;
    const name = parseAgentName(value);
    if ((await parts.registry.get(name)) !== null) continue;
    const [latest] = await parts.operations.recent({ agent: name, limit: 1 });
    if (latest !== undefined && !isEnded(latest)) continue;
    const known = (await parts.registry.list()).map((agent) => agent.name);
    throw unknownAgent(name, known);
  }
}

function unknownAgent(name: string, known: readonly string[]): OpsError {
  const meant = nearest(name, known);
  if (meant !== null) return noSuchAgent(name, `Did you mean ${meant}?`);
  return noSuchAgent(name, known.length === 0 ? `There are no agents yet: /deploy name:${name} makes this one.` : null);
}
