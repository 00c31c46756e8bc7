import type { SettingsLayer } from "../core/agent-settings.ts";
import { isGroup, type Json } from "../core/json.ts";

/** The place of the last of `layers` that says anything of the setting, such as `channels.telegram.token`; -1: none does. Pure. */
export function lastToSay(layers: readonly SettingsLayer[], setting: string): number {
  return layers.findLastIndex((layer) => says(layer, setting.split(".")));
}

/** Also that it, or a group with it, is taken away. */
function says(value: Json, [first, ...rest]: readonly string[]): boolean {
  if (first === undefined || !isGroup(value)) return true;
  const inner = Object.hasOwn(value, first) ? value[first] : undefined;
  return inner !== undefined && says(inner, rest);
}
