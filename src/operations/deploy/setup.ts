import type { Workspace, Workspaces } from "../../../services/workspace/workspace.ts";
import type { AgentRegistry } from "../../core/agent.ts";
import type { AgentSettings } from "../../core/agent-settings.ts";
import type { Secret, SecretRef } from "../../core/secrets.ts";
import type { SettingsPorts } from "../settings/ports.ts";
import { secretsOf } from "../settings/setup.ts";

export interface SetupPorts extends Omit<SettingsPorts, "keepSecret"> {
  readonly workspaces: Workspaces;
  readonly registry: Pick<AgentRegistry, "get" | "list">;
}

/** What a new gateway is given besides its settings, read now. For memory only. */
interface SetupContents {
  readonly secrets: ReadonlyMap<SecretRef, Secret>;
  /** null: OpenClaw's own. */
  readonly workspace: Workspace | null;
}

/** @throws OpsError `secret-unavailable`, `config-invalid`, naming the setting or the file. */
export async function contentsOf(
  ports: SetupPorts,
  settings: AgentSettings,
  signal?: AbortSignal,
): Promise<SetupContents> {
  const secrets = await secretsOf(ports, settings);
  const { workspace } = settings;
  return { secrets, workspace: workspace === null ? null : await ports.workspaces.read(workspace, signal) };
}
