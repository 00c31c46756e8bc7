import type { Json } from "./json.ts";
import type { SecretRef } from "./secrets.ts";

/** Channels of a gateway that have settings of their own; others go by `openclaw`. */
export const AGENT_CHANNELS = ["telegram", "discord"] as const;
export type AgentChannel = (typeof AGENT_CHANNELS)[number];
/** As their services are called. */
export const SERVICE_NAMES: Readonly<Record<AgentChannel, string>> = { telegram: "Telegram", discord: "Discord" };

/** OpenClaw's names for the protocols of models. */
export const MODEL_APIS = ["openai-completions", "openai-responses", "anthropic-messages"] as const;
type ModelApi = (typeof MODEL_APIS)[number];

/** Where models come from. */
export interface ModelProvider {
  /** null: it needs none, or the gateway has a login of its own. */
  readonly key: SecretRef | null;
  /** null: OpenClaw knows a provider of this name. */
  readonly baseUrl: string | null;
  /** null: as OpenClaw has it. */
  readonly api: ModelApi | null;
  /** Ids, for a `baseUrl` whose models OpenClaw cannot know. The chosen model and its fallbacks need not be among them. */
  readonly models: readonly string[];
}

/** A bot through which people write to the agent. */
export interface ChannelSettings {
  /** null: the channel is wanted, and nobody has given a token for it yet; the gateway is not told of it. */
  readonly token: SecretRef | null;
  /** Telegram only: another Bot API server; null: Telegram's own. */
  readonly apiRoot: string | null;
}

/** What an agent is set up with. Holds references to secrets, never their values. */
export interface AgentSettings {
  /** `provider/model`; null: none yet, so it cannot answer. */
  readonly model: string | null;
  /** Tried in this order when the model cannot answer. */
  readonly fallbacks: readonly string[];
  /** By name. */
  readonly providers: Readonly<Record<string, ModelProvider>>;
  readonly channels: Readonly<Record<AgentChannel, ChannelSettings | null>>;
  /** An absolute path on the machine that works for the agent: what a new agent finds in its workspace. null: what OpenClaw gives it. */
  readonly workspace: string | null;
  /** Of the IANA database, such as Europe/Berlin; null: UTC. */
  readonly timeZone: string | null;
  /** Whether the gateway has its web page, on the host's loopback. */
  readonly controlUi: boolean;
  /** Any other setting of OpenClaw, merged into its configuration; a text that is a SecretRef stands for that secret. */
  readonly openclaw: Readonly<Record<string, Json>>;
}

/** Of a gateway that only runs. */
export const NO_SETTINGS: AgentSettings = {
  ...{ model: null, fallbacks: [], providers: {}, channels: { telegram: null, discord: null } },
  ...{ workspace: null, timeZone: null, controlUi: false, openclaw: {} },
};

/** The channels that a gateway is given: those whose bot has a token. Pure. */
export function channelsGiven(settings: Pick<AgentSettings, "channels"> | null): AgentChannel[] {
  return AGENT_CHANNELS.filter((channel) => settings?.channels[channel]?.token != null);
}

/** The channels that are wanted, and whose bot's token nobody has given yet. Pure. */
export function channelsWaiting(settings: Pick<AgentSettings, "channels"> | null): AgentChannel[] {
  return AGENT_CHANNELS.filter((channel) => settings?.channels[channel]?.token === null);
}

/** What one place says about settings: a part of them, where null takes away what a place before it said (RFC 7396). */
export type SettingsLayer = Readonly<Record<string, Json>>;

/** Who a bot token belongs to, as its service says. */
export interface Bot {
  /** Unique at its service. */
  readonly id: string;
  /** As people write to it, such as `ada_bot`. */
  readonly name: string;
}

/** What Creel keeps of an agent's settings, with the agent's record and on its host. */
export interface KeptSettings {
  /** What was chosen by command. It wins over `creel.yaml`. */
  readonly chosen: SettingsLayer;
  /** What its gateway was given last; null: it was deployed by a Creel that knew no settings. */
  readonly applied: AgentSettings | null;
  /** null: no bot is known. */
  readonly bots: Readonly<Record<AgentChannel, Bot | null>>;
}

export const NOTHING_KEPT: KeptSettings = { chosen: {}, applied: null, bots: { telegram: null, discord: null } };
