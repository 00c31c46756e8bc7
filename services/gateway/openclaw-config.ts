import {
  type AgentChannel,
  type AgentSettings,
  channelsGiven,
  type ModelProvider,
} from "../../src/core/agent-settings.ts";
import { OpsError } from "../../src/core/errors.ts";
import { isGroup, type Json } from "../../src/core/json.ts";
import { isSecretRef, type SecretRef } from "../../src/core/secrets.ts";
import { SECRETS_FILE, TOKEN_POINTER } from "./paths.ts";
import { nameFor, pointerTo, type SecretMap } from "./secret-map.ts";
import type { GatewaySetup } from "./settings.ts";

export interface Rendered {
  /** `openclaw.json`. Holds no secret: each is a reference into the secrets file. */
  readonly text: string;
  /** Everything it refers to. */
  readonly secrets: SecretMap;
}

type Group = { readonly [key: string]: Json };
/** What stands in the configuration for the secret of one of Creel's settings. */
type Refer = (setting: string, ref: SecretRef) => Json;

/**
 * The configuration of a gateway that is looked after by Creel. What is Creel's wins over what is said under `openclaw`, and that over what Creel
 * only prefers. `held` is what the host keeps; its token names the secrets. @throws OpsError `secret-unavailable` for one without a value.
 */
export function openclawConfig(
  { port, setup }: { readonly port: number; readonly setup: GatewaySetup },
  held: SecretMap,
): Rendered {
  const { settings } = setup;
  const values = new Map<string, string>();
  const refer: Refer = (setting, ref) => {
    const value = setup.secrets.get(ref);
    if (value === undefined) throw noValue(setting);
    const name = nameFor(setting, value, held);
    values.set(name, value.reveal());
    return { source: "file", provider: "creel", id: pointerTo(name) };
  };
  const said = withReferences(settings.openclaw, "openclaw", refer);
  const config = merged(merged(preferred(settings), isGroup(said) ? said : {}), decided(port, settings, refer));
  return {
    text: `${JSON.stringify(config, null, 2)}\n`,
    secrets: { ...Object.fromEntries(values), gatewayToken: held.gatewayToken },
  };
}

/** What anybody may have otherwise. */
function preferred(settings: AgentSettings): Group {
  const given = channelsGiven(settings);
  return {
    models: { catalogRefresh: { enabled: false } },
    // The journal has the console output; the file in /tmp is in memory and must stay small.
    logging: { level: "warn", consoleLevel: "info", maxFileBytes: 1_000_000 },
    ...(given.length > 0
      ? {
          channels: {
            // Strangers get a code, which the owner lets in or not; in groups it answers to its name. Discord's servers have to be listed.
            ...(given.includes("telegram") && {
              telegram: { dmPolicy: "pairing", groups: { "*": { requireMention: true } } },
            }),
            ...(given.includes("discord") && { discord: { dmPolicy: "pairing" } }),
          },
        }
      : {}),
  };
}

function decided(port: number, settings: AgentSettings, refer: Refer): Group {
  const { model, fallbacks, timeZone, controlUi } = settings;
  const defaults = {
    ...(model !== null && { model: { primary: model, fallbacks } }),
    ...(timeZone !== null && { userTimezone: timeZone }),
  };
  const providers = Object.entries(settings.providers).map(([name, its]) => [
    name,
    provider(name, its, settings, refer),
  ]);
  const channels = (["telegram", "discord"] as const).flatMap((name) => {
    const its = channel(name, settings, refer);
    return its === null ? [] : [[name, its] as const];
  });
  return {
    gateway: {
      mode: "local",
      port,
      // In a container OpenClaw would listen everywhere by default.
      bind: "loopback",
      auth: { mode: "token", token: { source: "file", provider: "creel", id: TOKEN_POINTER } },
      controlUi: { enabled: controlUi },
    },
    secrets: { providers: { creel: { source: "file", path: SECRETS_FILE, mode: "json" } } },
    // Versions change through Creel only, with a backup before and a way back.
    update: { checkOnStart: false },
    ...(Object.keys(defaults).length > 0 && { agents: { defaults } }),
    ...(providers.length > 0 && { models: { providers: Object.fromEntries(providers) } }),
    ...(channels.length > 0 && { channels: Object.fromEntries(channels) }),
  };
}

function provider(name: string, { key, baseUrl, api, models }: ModelProvider, settings: AgentSettings, refer: Refer) {
  const wanted = [settings.model, ...settings.fallbacks].flatMap((model) =>
    model?.startsWith(`${name}/`) ? [model.slice(name.length + 1)] : [],
  );
  return {
    ...(key !== null && { apiKey: refer(`providers.${name}.key`, key) }),
    ...(api !== null && { api }),
    // The models of an address of one's own are not known to OpenClaw.
    ...(baseUrl !== null && { baseUrl, models: [...new Set([...models, ...wanted])].map((id) => ({ id, name: id })) }),
  };
}

function channel(name: AgentChannel, { channels }: AgentSettings, refer: Refer): Group | null {
  const its = channels[name];
  if (its?.token == null) return null;
  const token = refer(`channels.${name}.token`, its.token);
  if (name === "discord") return { enabled: true, token };
  return { enabled: true, botToken: token, ...(its.apiRoot !== null && { apiRoot: its.apiRoot }) };
}

function withReferences(value: Json, setting: string, refer: Refer): Json {
  if (typeof value === "string") return isSecretRef(value) ? refer(setting, value) : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((inner, index) => withReferences(inner, `${setting}.${index}`, refer));
  const inner = Object.entries(value).map(([key, one]) => [key, withReferences(one, `${setting}.${key}`, refer)]);
  return Object.fromEntries(inner);
}

/** `over` wins; groups are merged, and a reference to a secret is one value. */
function merged(under: Group, over: Group): Group {
  const both = new Map(Object.entries(under));
  for (const [key, value] of Object.entries(over)) {
    const old = both.get(key);
    both.set(key, isGroup(old) && isGroup(value) ? merged(old, value) : value);
  }
  return Object.fromEntries(both);
}

function noValue(setting: string): OpsError {
  return new OpsError({ code: "secret-unavailable", userMessage: `There is no value for the secret of ${setting}.` });
}
