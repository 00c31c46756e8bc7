import type { Command, CommandOption } from "../../commands/command.ts";
import { type AgentRegistry, noSuchAgent } from "../core/agent.ts";
import type { AuditLog } from "../core/audit.ts";
import type { Submission } from "../core/desk.ts";
import { OpsError } from "../core/errors.ts";
import { type AgentName, parseAgentName } from "../core/names.ts";
import { nearest } from "../core/nearest.ts";
import { isEnded } from "../core/operation.ts";
import type { Operations } from "../operations/journal.ts";

interface Parts {
  readonly registry: AgentRegistry;
  readonly operations: Operations;
  readonly audit: AuditLog;
}

/** Among so many events of a name there is one that did something, if there ever was an agent of that name. */
const LOOKED_THROUGH = 200;

/** How far back something can still be under way. */
const RECENT = 100;

/**
 * Refuses a command about an agent nobody knows, before anything is confirmed or queued. An agent whose first operation is still waiting
 * counts as known, and where the command says so also one that was there once. @throws OpsError `not-found`.
 */
export async function checkAgentKnown(parts: Parts, command: Command, submission: Submission): Promise<void> {
  for (const option of command.options) {
    const { orFormer = false } = option;
    const value = submission.options[option.name];
    if (option.kind !== "agent" || value === undefined) continue;
    const name = parseAgentName(value);
    if (await isRegistered(parts, name, orFormer)) continue;
    const [latest] = await parts.operations.recent({ agent: name, limit: 1 });
    if (latest !== undefined && (orFormer || !isEnded(latest))) continue;
    if (orFormer && (await wasThereOnce(parts, name))) continue;
    const known = (await parts.registry.list()).map((agent) => agent.name);
    throw unknownAgent(name, known);
  }
}

/** What happened to an agent can be told although its record cannot be read. @throws what `AgentRegistry.get` throws. */
async function isRegistered({ registry }: Parts, name: AgentName, orFormer: boolean): Promise<boolean> {
  try {
    return (await registry.get(name)) !== null;
  } catch (error) {
    if (orFormer && (await registry.unreadable()).some((each) => each.name === name)) return true;
    throw error;
  }
}

/** Its operations may have been forgotten by now. That somebody mistyped its name makes no agent. */
async function wasThereOnce({ audit }: Parts, agent: AgentName): Promise<boolean> {
  const { events } = await audit.recent({ agent, limit: LOOKED_THROUGH });
  return events.some(({ what }) => what !== "refused");
}

/**
 * Says what cannot be, where the value that is missing could only be one of none. @throws OpsError `not-found`.
 */
export async function checkAnythingToName(
  parts: { readonly registry: AgentRegistry; readonly operations: Operations },
  missing: CommandOption,
): Promise<void> {
  if (missing.kind === "agent" && (await parts.registry.list()).length === 0) {
    const hint = "/deploy ada makes one that is called ada.";
    throw new OpsError({ code: "not-found", userMessage: "There are no agents yet.", hint });
  }
  if (missing.kind !== "operation") return;
  const recent = await parts.operations.recent({ agent: null, limit: RECENT });
  if (recent.some((operation) => !isEnded(operation))) return;
  const hint = "/history lists what has been done.";
  throw new OpsError({ code: "not-found", userMessage: "Nothing is under way.", hint });
}

function unknownAgent(name: string, known: readonly string[]): OpsError {
  const meant = nearest(name, known);
  if (meant !== null) return noSuchAgent(name, `Did you mean ${meant}?`);
  return noSuchAgent(name, known.length === 0 ? `There are no agents yet: /deploy name:${name} makes this one.` : null);
}
