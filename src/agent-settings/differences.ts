import type { AgentSettings } from "../core/agent-settings.ts";

/** One setting that is another than before. */
export interface Difference {
  /** Its path, such as `channels.telegram.token`. */
  readonly setting: string;
  /** As a person reads them; null: it was not, or is not, set. Secrets are references. */
  readonly from: string | null;
  readonly to: string | null;
}

const LONGEST = 60;
const LONGEST_PATH = 160;

/**
 * What a gateway that runs with `before` has to be told. A workspace is given to new agents only, so it makes no difference. Sorted by setting.
 * `before` null: nothing was set. Pure.
 */
export function differences(before: AgentSettings | null, after: AgentSettings): Difference[] {
  const [old, now] = [leavesOf(before), leavesOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((setting) => {
    const [from, to] = [old.get(setting) ?? null, now.get(setting) ?? null];
    return from === to ? [] : [{ setting: shortened(setting, LONGEST_PATH), from: briefly(from), to: briefly(to) }];
  });
}

type Changed = readonly Pick<Difference, "setting">[];

/** Whether what was changed has to do with how the agent answers. */
export function concernModel(changes: Changed): boolean {
  return changes.some(({ setting }) => /^(?:model|fallbacks|providers\.|openclaw\.(?:models|agents)\.)/.test(setting));
}

/** Whether one of a channel's settings was changed, Creel's or OpenClaw's own. */
export function concernChannel(changes: Changed, channel: string): boolean {
  return changes.some(({ setting }) => setting.replace(/^openclaw\./, "").startsWith(`channels.${channel}.`));
}

/** As a sentence has it, such as `model: none → openai/gpt-5.5`. */
export function inWords({ setting, from, to }: Difference): string {
  return `${setting}: ${from ?? "none"} → ${to ?? "none"}`;
}

function leavesOf(settings: AgentSettings | null): ReadonlyMap<string, string> {
  if (settings === null) return new Map();
  const { workspace: _given, controlUi, ...rest } = settings;
  return new Map(leaves(controlUi ? { ...rest, controlUi } : rest, ""));
}

function* leaves(value: unknown, path: string): Generator<[string, string]> {
  if (value === null || value === undefined) return;
  if (Array.isArray(value)) {
    const isList = value.every((one) => typeof one === "string");
    if (value.length > 0 || path.startsWith("openclaw."))
      yield [path, isList ? value.join(", ") : JSON.stringify(value)];
  } else if (typeof value === "object") {
    for (const [key, inner] of Object.entries(value)) yield* leaves(inner, path === "" ? key : `${path}.${key}`);
  } else yield [path, String(value)];
}

function briefly(text: string | null): string | null {
  return text === null ? null : shortened(text, LONGEST);
}

function shortened(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
