import { dirname, resolve } from "node:path";
import { z } from "zod";
import type { Config } from "../config.ts";
import type { SettingsLayer } from "../core/agent-settings.ts";
import type { AgentName } from "../core/names.ts";

const asWritten = z.record(z.string(), z.json());

type Written = Pick<Config, "settings" | "file">;

/** What these settings say for an agent, the last winning. A workspace is where it is for who reads `creel.yaml`: beside it, unless it is a whole path. Pure. */
export function layersIn({ settings, file }: Written, agent: AgentName): SettingsLayer[] {
  const { defaults, named } = settings.agents;
  return [defaults, named[agent] ?? {}].map((layer) => {
    const { workspace } = layer;
    return asWritten.parse(typeof workspace === "string" ? { ...layer, workspace: beside(file, workspace) } : layer);
  });
}

/** Every workspace that these settings name, as whole paths, with the setting that does. Pure. */
export function workspacesIn({ settings, file }: Written): { readonly setting: string; readonly folder: string }[] {
  const { defaults, named } = settings.agents;
  const layers = [
    ["defaults", defaults] as const,
    ...Object.entries(named).map(([name, layer]) => [`named.${name}`, layer] as const),
  ];
  return layers.flatMap(([name, { workspace }]) =>
    typeof workspace === "string" ? [{ setting: `agents.${name}.workspace`, folder: beside(file, workspace) }] : [],
  );
}

function beside(file: string | null, path: string): string {
  return file === null ? resolve(path) : resolve(dirname(file), path);
}
