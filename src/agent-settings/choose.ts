import type { SettingsLayer } from "../core/agent-settings.ts";
import { isGroup, type Json } from "../core/json.ts";

/** What is chosen after one more choice. Other than in what holds, a null stays: it takes away what places before it say. Pure. */
export function choose(chosen: SettingsLayer, choice: SettingsLayer): SettingsLayer {
  const both = new Map<string, Json>(Object.entries(chosen));
  for (const [key, value] of Object.entries(choice)) {
    const old = both.get(key);
    both.set(key, isGroup(old) && isGroup(value) ? choose(old, value) : value);
  }
  return Object.fromEntries(both);
}

/** What is chosen when nothing is chosen any more at `path`, and in no group that holds nothing else. Pure. */
export function unchoose(chosen: SettingsLayer, path: readonly string[]): SettingsLayer {
  const [first, ...rest] = path;
  if (first === undefined || !Object.hasOwn(chosen, first)) return chosen;
  const { [first]: inner, ...others } = chosen;
  if (rest.length === 0 || !isGroup(inner)) return rest.length === 0 ? others : chosen;
  const left = unchoose(inner, rest);
  return Object.keys(left).length === 0 ? others : { ...chosen, [first]: left };
}
