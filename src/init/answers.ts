import { stringify } from "yaml";
import { OpsError } from "../core/errors.ts";
import type { SecretRef } from "../core/secrets.ts";
import { parseSettings, type Settings } from "../settings.ts";
import { NOT_AN_ID } from "./texts.ts";

/** What a person has told `creel init`. Ids are decimal text, as the chats show them. */
export interface InitAnswers {
  readonly terminal: readonly string[];
  readonly discord: DiscordAnswers | null;
  readonly telegram: TelegramAnswers | null;
  /** null when nothing is told anywhere. */
  readonly digest: { readonly at: string; readonly timeZone: string } | null;
  /** What agents are set up with; null when nothing is said. */
  readonly agents: Settings["agents"] | null;
}

export interface DiscordAnswers {
  /** The environment variable that holds the token. */
  readonly variable: string;
  /** Address of another server than Discord's own; null: that one. */
  readonly api: string | null;
  readonly guilds: readonly string[];
  readonly users: readonly string[];
  readonly roles: readonly string[];
  /** A channel; null: no alerts there. */
  readonly alerts: string | null;
}

export interface TelegramAnswers {
  readonly variable: string;
  /** Address of another server than Telegram's own; null: that one. */
  readonly apiRoot: string | null;
  readonly users: readonly string[];
  readonly alerts: string | null;
}

/** Where its models come from, of a `provider/model`. */
export function providerOf(model: string): string {
  return model.slice(0, model.indexOf("/"));
}

/** What `provider` is set up with for every agent; null: it is taken away; undefined: nothing is said. */
export function providerIn(agents: InitAnswers["agents"], provider: string) {
  return new Map(Object.entries(agents?.defaults.providers ?? {})).get(provider);
}

/** With these settings of every agent instead of the same ones in `agents`. @throws OpsError when the schema has something against them. */
export function withDefaults(agents: InitAnswers["agents"], defaults: object): InitAnswers["agents"] {
  const changed = { defaults: { ...agents?.defaults, ...defaults }, named: agents?.named ?? {} };
  return parseSettings(stringify({ agents: changed }), "creel.yaml").agents;
}

/** Where the key of every agent's model is; null when there is no model, or no key of it. */
export function modelKey(agents: InitAnswers["agents"]): SecretRef | null {
  const model = agents?.defaults.model ?? null;
  return model === null ? null : (providerIn(agents, providerOf(model))?.key ?? null);
}

/** What the schema of `creel.yaml` has against these settings; null when nothing. Never shows what was typed. */
export function complaintAbout(settings: object): string | null {
  try {
    parseSettings(stringify(settings), "creel.yaml");
    return null;
  } catch (error) {
    if (!(error instanceof OpsError)) throw error;
    // Without the name of the file and the path of the setting, which nobody has seen yet.
    const complaint = error.userMessage.replace(/^.*? problems?: /, "").replace(/(^|; )[\w.-]+: /g, "$1");
    return complaint.startsWith("must ") ? complaint.replace(/\.$/, "") : NOT_AN_ID;
  }
}
