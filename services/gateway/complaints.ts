import { z } from "zod";
import type { AgentSettings } from "../../src/core/agent-settings.ts";
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

/** Where in Creel's settings what OpenClaw calls `path` comes from. Pure. */
export function settingAt(path: string, { channels }: AgentSettings): string {
  const [provider, ofProvider] =
    /^models\.providers\.(.+?)\.(apiKey|baseUrl|api|models)(?:\.|$)/.exec(path)?.slice(1) ?? [];
  if (provider !== undefined) return `providers.${provider}.${ofProvider === "apiKey" ? "key" : ofProvider}`;
  if (/^agents\.defaults\.model\.fallbacks(?:\.|$)/.test(path)) return "fallbacks";
  if (/^agents\.defaults\.model(?:\.|$)/.test(path)) return "model";
  if (path === "agents.defaults.userTimezone") return "timeZone";
  if (path === "gateway.controlUi.enabled") return "controlUi";
  for (const channel of ["telegram", "discord"] as const) {
    if (channels[channel] === null) continue;
    const own = new Set([`channels.${channel}`, `channels.${channel}.enabled`, `channels.${channel}.apiRoot`]);
    if (own.has(path)) return path.replace(/\.enabled$/, "");
    if (path === `channels.${channel}.botToken` || path === `channels.${channel}.token`)
      return `channels.${channel}.token`;
  }
  return path === "" ? "openclaw" : `openclaw.${path}`;
}
