import type { HostShell } from "../../../services/host-shell/host-shell.ts";
import { keptSettings } from "../../agent-settings/schema.ts";
import type { Agent, AgentRegistry } from "../../core/agent.ts";
import { type KeptSettings, NOTHING_KEPT } from "../../core/agent-settings.ts";
import type { Machine } from "../machine.ts";

/** What a host keeps of an agent's settings. `isBroken`: something that nobody can read. */
export async function settingsOn(
  { gateway }: Machine,
  shell: HostShell,
  signal: AbortSignal,
): Promise<{ readonly settings: KeptSettings; readonly isBroken: boolean }> {
  const kept = await gateway.settings.kept(shell, signal);
  const { data } = keptSettings.safeParse(kept);
  // null: a Creel that knew no settings has made it.
  return { settings: data ?? NOTHING_KEPT, isBroken: data === undefined && kept !== null };
}

/** The agent with its settings, which are read now when it was adopted without them. For its own operations. Idempotent. @throws as `settings.kept`. */
export async function withSettings(
  registry: Pick<AgentRegistry, "put">,
  agent: Agent,
  machine: Machine,
  shell: HostShell,
  signal: AbortSignal,
): Promise<Agent> {
  if (agent.isUnread === undefined) return agent;
  const { isUnread: _read, ...others } = agent;
  const { settings } = await settingsOn(machine, shell, signal);
  const known = { ...others, settings };
  await registry.put(known);
  return known;
}
