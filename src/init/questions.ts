import {
  complaintAbout,
  type DiscordAnswers,
  type InitAnswers,
  providerIn,
  providerOf,
  type TelegramAnswers,
  withDefaults,
} from "./answers.ts";
import type { Dialog, Question, Read } from "./dialog.ts";
import * as texts from "./texts.ts";
import { type TokenTrial, tryToken } from "./token-trial.ts";
import { DISCORD_VARIABLE, TELEGRAM_VARIABLE } from "./variable.ts";

export interface Surroundings {
  readonly user: string;
  readonly timeZone: string;
  /** What is suggested instead of the usual. */
  readonly previous: InitAnswers | null;
  readonly discord: TokenTrial<{ readonly applicationId: string; readonly name: string }>;
  readonly telegram: TokenTrial<{ readonly id: string; readonly username: string }>;
  readonly inviteLink: (applicationId: string) => string;
}

/** Everything `creel.yaml` needs, one question at a time. */
export async function askEverything(dialog: Dialog, around: Surroundings): Promise<InitAnswers> {
  const { previous } = around;
  dialog.say(texts.TERMINAL_HOW);
  const terminal = await dialog.ask({
    text: texts.TERMINAL_OWNERS,
    fallback: previous?.terminal.join(", ") || around.user,
    read: (answer) => {
      const users = listed(answer);
      const fits = users.length > 0 && users.every((user) => !/\p{C}/u.test(user));
      return fits ? { value: users } : { complaint: texts.NOT_A_USER };
    },
  });
  const usesDiscord = previous === null || previous.discord !== null;
  const discord = (await dialog.confirm(texts.WANT_DISCORD, usesDiscord)) ? await askDiscord(dialog, around) : null;
  const usesTelegram = previous !== null && previous.telegram !== null;
  const telegram = (await dialog.confirm(texts.WANT_TELEGRAM, usesTelegram)) ? await askTelegram(dialog, around) : null;
  const isTold = (discord?.alerts ?? telegram?.alerts ?? null) !== null;
  const digest = isTold ? await askDigest(dialog, around) : null;
  return { terminal, discord, telegram, digest, agents: await askAgents(dialog, previous?.agents ?? null) };
}

async function askDigest(dialog: Dialog, { previous, timeZone: here }: Surroundings): Promise<InitAnswers["digest"]> {
  const usual = previous?.digest ?? { at: "09:00", timeZone: here };
  const at = await dialog.ask(one(texts.DIGEST_AT, usual.at, (digest) => ({ alerts: { digest } })));
  const timeZone = await dialog.ask(one(texts.TIME_ZONE, usual.timeZone, (zone) => ({ alerts: { timeZone: zone } })));
  return { at, timeZone };
}

async function askDiscord(dialog: Dialog, { discord, inviteLink, previous }: Surroundings): Promise<DiscordAnswers> {
  const old = previous?.discord ?? null;
  dialog.say(texts.DISCORD_HOW);
  const api = old?.api ?? null;
  if (api !== null) dialog.say(texts.OTHER_ADDRESS("Discord", api));
  const { variable, bot } = await tryToken(dialog, old?.variable ?? DISCORD_VARIABLE, discord);
  const application = bot?.applicationId ?? (await askApplication(dialog));
  if (application !== null) dialog.say(texts.INVITE(inviteLink(application)));
  dialog.say(texts.COPY_ID);
  dialog.say(texts.GUILD_HOW);
  const token = `env:${variable}`;
  const guilds = await dialog.ask(many(texts.GUILDS, (ids) => ({ discord: { token, guilds: ids } }), old?.guilds));
  dialog.say(texts.OWNERS_HOW);
  const users = await dialog.ask(many(texts.USERS, (ids) => ({ owners: { discord: { users: ids } } }), old?.users));
  const isNeeded = users.length === 0;
  if (isNeeded) dialog.say(texts.ROLES_NEEDED);
  const ofRoles = (ids: readonly string[]) => ({ owners: { discord: { roles: ids } } });
  const anyRoles = many(texts.ROLES, ofRoles, old?.roles, isNeeded);
  const roles = await dialog.ask({
    ...anyRoles,
    read: (answer) =>
      listed(answer).some((id) => guilds.includes(id)) ? { complaint: texts.EVERYONE } : anyRoles.read(answer),
  });
  dialog.say(texts.DISCORD_ALERTS_HOW);
  const ofAlerts = (id: string) => ({ discord: { token }, alerts: { discord: id } });
  const alerts = await dialog.ask(optional(texts.DISCORD_ALERTS, ofAlerts, old?.alerts ?? ""));
  return { variable, api, guilds, users, roles, alerts };
}

async function askApplication(dialog: Dialog): Promise<string | null> {
  dialog.say(texts.APPLICATION_HOW);
  // An id like those of people.
  return await dialog.ask(optional(texts.APPLICATION_ID, (id) => ({ owners: { discord: { users: [id] } } }), ""));
}

async function askTelegram(dialog: Dialog, { telegram, previous }: Surroundings): Promise<TelegramAnswers> {
  const old = previous?.telegram ?? null;
  dialog.say(texts.TELEGRAM_HOW);
  const apiRoot = old?.apiRoot ?? null;
  if (apiRoot !== null) dialog.say(texts.OTHER_ADDRESS("Telegram", apiRoot));
  const { variable, bot } = await tryToken(dialog, old?.variable ?? TELEGRAM_VARIABLE, telegram);
  if (bot !== null) dialog.say(texts.START_BOT(bot.username));
  dialog.say(texts.TELEGRAM_ID);
  const users = await dialog.ask(many(texts.USERS, (ids) => ({ owners: { telegram: ids } }), old?.users, true));
  dialog.say(texts.TELEGRAM_ALERTS_HOW);
  const ofAlerts = (id: string) => ({ telegram: { token: `env:${variable}` }, alerts: { telegram: id } });
  const usual = old === null ? users[0] : old.alerts;
  const alerts = await dialog.ask(optional(texts.TELEGRAM_ALERTS, ofAlerts, usual ?? ""));
  return { variable, apiRoot, users, alerts };
}

/** What the old file says stays, but for the model of every agent and its key. */
async function askAgents(dialog: Dialog, old: InitAnswers["agents"]): Promise<InitAnswers["agents"]> {
  dialog.say(texts.MODEL_HOW);
  const had = old?.defaults.model ?? null;
  const anyModel = optional(texts.MODEL, (text) => ({ agents: { defaults: { model: text } } }), had ?? "");
  const model = await dialog.ask({
    ...anyModel,
    read(answer) {
      const found = anyModel.read(answer);
      if ("complaint" in found || found.value === null) return found;
      return checked(found.value, { agents: { defaults: { providers: { [providerOf(found.value)]: {} } } } });
    },
  });
  if (model === null) return old === null || had === null ? old : withDefaults(old, { model });
  dialog.say(texts.KEY_HOW);
  const provider = providerOf(model);
  const known = providerIn(old, provider);
  // Where the old file does without a key for this model, it may go on so.
  const usual = known === undefined && model !== had ? `vault:${provider}` : (known?.key ?? "");
  const ofKey = (text: string) => ({ agents: { defaults: { providers: { [provider]: { key: text } } } } });
  const key = await dialog.ask(optional(texts.KEY, ofKey, usual));
  if (key === (known?.key ?? null)) return withDefaults(old, { model });
  return withDefaults(old, { model, providers: { ...old?.defaults.providers, [provider]: { ...known, key } } });
}

type SettingsFor<T> = (answer: T) => object;

function checked<T>(value: T, settings: object): Read<T> {
  const complaint = complaintAbout(settings);
  return complaint === null ? { value } : { complaint };
}

function one(text: string, fallback: string, settings: SettingsFor<string>): Question<string> {
  return { text, fallback, read: (answer) => checked(answer, settings(answer)) };
}

function optional(text: string, settings: SettingsFor<string>, fallback: string): Question<string | null> {
  return {
    text,
    fallback,
    brackets: skippable(fallback),
    read: (answer) => (answer === "" ? { value: null } : checked(answer, settings(answer))),
  };
}

function many(
  text: string,
  settings: SettingsFor<readonly string[]>,
  previous: readonly string[] = [],
  isNeeded = false,
): Question<readonly string[]> {
  const fallback = previous.join(", ");
  return {
    text,
    ...(isNeeded ? { fallback: fallback || null } : { fallback, brackets: skippable(fallback) }),
    read(answer) {
      const ids = listed(answer);
      if (ids.length === 0 && isNeeded) return { complaint: texts.NEEDED };
      return checked(ids, settings(ids));
    },
  };
}

function skippable(fallback: string): string {
  return fallback === "" ? texts.SKIPS : texts.OR_NONE(fallback);
}

/** With commas or spaces between; each once. */
function listed(answer: string): string[] {
  return [...new Set(answer.split(/[\s,;]+/).filter((part) => part !== ""))];
}
