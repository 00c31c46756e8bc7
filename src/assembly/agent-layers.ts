import { dirname, resolve } from "node:path";
import { z } from "zod";
import type { Config } from "../config.ts";
import type { SettingsLayer } from "../core/agent-settings.ts";
import type { AgentName } from "../core/names.ts";

const asWritten = z.record(z.string(), z.json());

/** What these settings say for an agent, the last winning. A workspace is where it is for who reads `creel.yaml`: beside it, unless it is a whole path. Pure. */
export function layersIn({ settings, file }: Pick<Config, "settings" | "file">, agent: AgentName): SettingsLayer[] {
  const { defaults, named } = settings.agents;
  const folder = file === null ? process.cwd() : dirname(file);
  return [defaults, named[agent] ?? {}].map((layer) => {
    const { workspace } = layer;
    return asWritten.parse(typeof workspace === "string" ? { ...layer, workspace: resolve(folder, workspace) } : layer);
  });
}
