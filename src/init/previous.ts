import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { DISCORD_API, parseSettings, type Settings, TELEGRAM_API } from "../settings.ts";
import type { InitAnswers } from "./answers.ts";
import { DISCORD_VARIABLE, isVariable, TELEGRAM_VARIABLE } from "./variable.ts";

/** What the file that is going to be replaced says. */
export interface Previous {
  /** As if they had been typed; `terminal` is empty when the file names nobody there. */
  readonly answers: InitAnswers;
  /** Names of settings that it changes and that nobody is asked about. */
  readonly notAsked: readonly string[];
}

/** null when it cannot be read. */
export function readPrevious(file: string): Previous | null {
  try {
    const settings = parseSettings(readFileSync(file, "utf8"), file);
    return { answers: answersIn(settings), notAsked: notAskedIn(settings) };
  } catch {
    // It stays beside the new one as it is, so nothing is lost with the suggestions.
    return null;
  }
}

function answersIn({ owners, discord, telegram, alerts, agents }: Settings): InitAnswers {
  const { terminal = [] } = owners;
  const told = alerts.discord !== undefined || alerts.telegram !== undefined;
  return {
    // A name that would be read as two must not become a suggestion that lets somebody else in.
    terminal: terminal.every((name) => /^[^\s,;\p{C}]+$/u.test(name)) ? terminal : [],
    discord:
      (discord && {
        variable: variableOf(discord.token) ?? DISCORD_VARIABLE,
        api: discord.api === DISCORD_API ? null : discord.api,
        guilds: discord.guilds,
        users: owners.discord.users,
        roles: owners.discord.roles,
        alerts: alerts.discord ?? null,
      }) ??
      null,
    telegram:
      (telegram && {
        variable: variableOf(telegram.token) ?? TELEGRAM_VARIABLE,
        apiRoot: telegram.apiRoot === TELEGRAM_API ? null : telegram.apiRoot,
        users: owners.telegram,
        alerts: alerts.telegram ?? null,
      }) ??
      null,
    digest: told ? { at: alerts.digest, timeZone: alerts.timeZone } : null,
    agents: Object.keys({ ...agents.defaults, ...agents.named }).length > 0 ? agents : null,
  };
}

function variableOf(token: string): string | null {
  const name = token.replace(/^env:/, "");
  return isVariable(name) ? name : null;
}

function notAskedIn(settings: Settings): string[] {
  const {
    owners: _owners,
    discord: _discord,
    telegram: _telegram,
    alerts: _alerts,
    agents: _agents,
    ...rest
  } = settings;
  const defaults = new Map<string, unknown>(Object.entries(parseSettings("", "creel.yaml")));
  const changed = Object.entries(rest).filter(([name, value]) => !isDeepStrictEqual(value, defaults.get(name)));
  return [...changed.map(([name]) => name), ...(settings.telegram?.webhook === undefined ? [] : ["telegram.webhook"])];
}
