import { z } from "zod";
import { type AgentSettings, channelsGiven } from "../../src/core/agent-settings.ts";
import { OpsError } from "../../src/core/errors.ts";
import { parseJson } from "../../src/core/json.ts";

const MOST = 20;
const LONGEST = 300;

const validation = z.object({
  valid: z.boolean(),
  issues: z.array(z.object({ path: z.string().default(""), message: z.string() })).default([]),
});

/** What `openclaw config validate --json` printed, each with its path in Creel's settings; empty: it has no objection. @throws OpsError `host-command-failed`. */
export function complaintsIn(printed: string, settings: AgentSettings): string[] {
  const answer = validation.safeParse(parseJson(printed));
  if (!answer.success) {
    throw new OpsError({
      code: "host-command-failed",
      userMessage: "OpenClaw could not look at the settings.",
      evidence: printed.split("\n").filter((line) => line !== ""),
    });
  }
  const { valid, issues } = answer.data;
  if (valid) return [];
  const said = issues
    .slice(0, MOST)
    .map(({ path, message }) => `${settingAt(path, settings)}: ${message}`.slice(0, LONGEST));
  return said.length > 0 ? said : ["it does not say why"];
}

/** Where OpenClaw has what a provider in Creel's settings has. */
const OF_PROVIDER = [
  ["apiKey", "key"],
  ["baseUrl", "baseUrl"],
  ["api", "api"],
  ["models", "models"],
] as const;

/** Where in Creel's settings what OpenClaw calls `path` comes from. Pure. */
export function settingAt(path: string, settings: AgentSettings): string {
  const own = placesOf(settings).find(([theirs]) => path === theirs || path.startsWith(`${theirs}.`));
  if (own !== undefined) return own[1];
  return path === "" ? "openclaw" : `openclaw.${path}`;
}

/** OpenClaw's paths, with everything below them, and Creel's. */
function placesOf({ providers, channels }: AgentSettings): (readonly [theirs: string, ours: string])[] {
  return [
    ...Object.keys(providers).flatMap((name) =>
      OF_PROVIDER.map(([theirs, ours]) => [`models.providers.${name}.${theirs}`, `providers.${name}.${ours}`] as const),
    ),
    ["agents.defaults.model.fallbacks", "fallbacks"],
    ["agents.defaults.model", "model"],
    ["agents.defaults.userTimezone", "timeZone"],
    ["gateway.controlUi.enabled", "controlUi"],
    ...channelsGiven({ channels }).flatMap((name) => [
      [`channels.${name}.enabled`, `channels.${name}`] as const,
      [`channels.${name}.botToken`, `channels.${name}.token`] as const,
      [`channels.${name}.token`, `channels.${name}.token`] as const,
      [`channels.${name}.apiRoot`, `channels.${name}.apiRoot`] as const,
    ]),
  ];
}
