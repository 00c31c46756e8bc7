import type { AgentSettings, SettingsLayer } from "../core/agent-settings.ts";
import { isGroup, type Json } from "../core/json.ts";
import { agentSettings } from "./schema.ts";

/**
 * What holds when several places say something, the last of them winning. Pure.
 * @throws ZodError when it does not fit together.
 */
export function mergeLayers(layers: readonly SettingsLayer[]): AgentSettings {
  return agentSettings.parse(layers.reduce<Json>(mergePatch, {}));
}

/** RFC 7396: groups are merged, null removes, everything else replaces. */
function mergePatch(target: Json, patch: Json): Json {
  if (!isGroup(patch)) return patch;
  const merged = new Map<string, Json>(isGroup(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key) ?? null, value));
  }
  return Object.fromEntries(merged);
}
