import { looksLikeCredential } from "../core/credential-shapes.ts";
import { isGroup, type Json } from "../core/json.ts";
import { isSecretRef } from "../core/secrets.ts";

/** What is wrong with one of the settings under `openclaw`; never says what was written there. */
export interface OpenclawIssue {
  /** Below `openclaw`. */
  readonly path: readonly string[];
  readonly message: string;
}

const CREELS = "is Creel's: ";
const REFERENCES = "op://vault/item/field, vault:name, env:NAME or file:/path";

/** Paths with `*` for any name, and why they may not be said. Everything below them is meant as well. */
const RESERVED: readonly (readonly [path: string, why: string])[] = [
  ["gateway.mode", `${CREELS}a gateway on its host is always local`],
  ["gateway.port", "has a setting of its own: gateway.port, at the top of creel.yaml"],
  ["gateway.bind", `${CREELS}gateways are closed to the outside`],
  ["gateway.customBindHost", `${CREELS}gateways are closed to the outside`],
  ["gateway.tailscale", `${CREELS}gateways are closed to the outside`],
  ["gateway.tls", `${CREELS}gateways are closed to the outside`],
  ["gateway.trustedProxies", `${CREELS}gateways are closed to the outside`],
  ["gateway.auth", `${CREELS}every gateway has a token; gateway.token, at the top of creel.yaml, is a setting for it`],
  ["gateway.remote", `${CREELS}a gateway on its host is always local`],
  ["gateway.reload", `${CREELS}it changes the settings of gateways that run`],
  ["gateway.controlUi.enabled", "has a setting of its own: controlUi"],
  ["secrets.providers.creel", `${CREELS}write env:NAME, vault:NAME or file:/path where a secret is wanted`],
  ["update", `${CREELS}versions change through Creel only`],
  ["meta", "is OpenClaw's own"],
  ["agents.defaults.model", "has settings of its own: model and fallbacks"],
  ["agents.defaults.userTimezone", "has a setting of its own: timeZone"],
  ["agents.defaults.workspace", `${CREELS}the setting workspace says what is in it`],
  ["models.providers.*.apiKey", "has a setting of its own: providers.NAME.key"],
  ["models.providers.*.baseUrl", "has a setting of its own: providers.NAME.baseUrl"],
  ["models.providers.*.api", "has a setting of its own: providers.NAME.api"],
  ["channels.telegram.enabled", "has a setting of its own: channels.telegram"],
  ["channels.telegram.botToken", "has a setting of its own: channels.telegram.token"],
  ["channels.telegram.tokenFile", "has a setting of its own: channels.telegram.token"],
  ["channels.telegram.accounts", `${CREELS}an agent has one bot there, of channels.telegram.token`],
  ["channels.telegram.apiRoot", "has a setting of its own: channels.telegram.apiRoot"],
  ["channels.discord.enabled", "has a setting of its own: channels.discord"],
  ["channels.discord.accounts", `${CREELS}an agent has one bot there, of channels.discord.token`],
  ["channels.discord.token", "has a setting of its own: channels.discord.token"],
];

/** Names of settings that hold what nobody may see, one or a list. */
const SECRET_NAME =
  /(?:token|password|passphrase|secret|credentials?|(?:api|private|access|signing|auth|secret|encrypt(?:ion)?)[_-]?key|authorization)$/i;
const SECRETS_NAME = /(?:token|password|passphrase|secret|(?:api|private|access|signing|auth|secret)[_-]?key)s$/i;

/** What may not stand under `openclaw`: what Creel decides, what has a setting of its own, and secrets as text. Pure. */
export function openclawIssues(settings: Readonly<Record<string, Json>>): OpenclawIssue[] {
  return [...issuesIn(settings, [])];
}

function* issuesIn(value: Json, path: readonly string[]): Generator<OpenclawIssue> {
  const why = path.length === 0 ? undefined : whyReserved(path);
  if (why !== undefined) {
    yield { path, message: why };
  } else if (Array.isArray(value)) {
    for (const [index, inner] of value.entries()) yield* issuesIn(inner, [...path, String(index)]);
  } else if (isGroup(value)) {
    for (const [key, inner] of Object.entries(value)) yield* issuesIn(inner, [...path, key]);
  } else if (typeof value === "string" && !isSecretRef(value)) {
    if (isSecretName(path)) yield { path, message: `must refer to a secret: ${REFERENCES}` };
    else if (looksLikeCredential(value)) yield { path, message: `looks like a secret; refer to it: ${REFERENCES}` };
  }
}

function isSecretName(path: readonly string[]): boolean {
  const [outer = "", last = ""] = path.slice(-2);
  return SECRET_NAME.test(last) || (/^\d+$/.test(last) && (SECRETS_NAME.test(outer) || SECRET_NAME.test(outer)));
}

function whyReserved(path: readonly string[]): string | undefined {
  if (path.at(-1) === "$include")
    return "is not possible: Creel writes OpenClaw's settings into one file; say here what is in the other";
  return RESERVED.find(([reserved]) => {
    const names = reserved.split(".");
    return names.length === path.length && names.every((name, index) => name === "*" || name === path[index]);
  })?.[1];
}
