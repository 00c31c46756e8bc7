import { complaintAbout, type DiscordAnswers, type InitAnswers, type TelegramAnswers } from "./answers.ts";
import type { Dialog, Question, Read } from "./dialog.ts";
import * as texts from "./texts.ts";
import { type TokenTrial, tryToken } from "./token-trial.ts";

export interface Surroundings {
  readonly user: string;
  readonly timeZone: string;
  readonly discord: TokenTrial<{ readonly applicationId: string; readonly name: string }>;
  readonly telegram: TokenTrial<{ readonly id: string; readonly username: string }>;
  readonly inviteLink: (applicationId: string) => string;
}

/** Everything `creel.yaml` needs, one question at a time. */
export async function askEverything(dialog: Dialog, around: Surroundings): Promise<InitAnswers> {
  const terminal = await dialog.ask({
    text: texts.TERMINAL_OWNER,
    fallback: around.user,
    read: (answer) => {
      const users = listed(answer);
      const fits = users.length > 0 && users.every((user) => !/\p{C}/u.test(user));
      return fits ? { value: users } : { complaint: texts.NOT_A_USER };
    },
  });
  const discord = (await dialog.confirm(texts.WANT_DISCORD, true)) ? await askDiscord(dialog, around) : null;
  const telegram = (await dialog.confirm(texts.WANT_TELEGRAM, false)) ? await askTelegram(dialog, around) : null;
  if ((discord?.alerts ?? telegram?.alerts ?? null) === null) return { terminal, discord, telegram, digest: null };
  const at = await dialog.ask(one(texts.DIGEST_AT, "09:00", (digest) => ({ alerts: { digest } })));
  const timeZone = await dialog.ask(one(texts.TIME_ZONE, around.timeZone, (zone) => ({ alerts: { timeZone: zone } })));
  return { terminal, discord, telegram, digest: { at, timeZone } };
}

async function askDiscord(dialog: Dialog, { discord, inviteLink }: Surroundings): Promise<DiscordAnswers> {
  dialog.say(texts.DISCORD_HOW);
  const { variable, bot } = await tryToken(dialog, "CREEL_DISCORD_TOKEN", discord);
  const owner = (id: string) => ({ owners: { discord: { users: [id] } } });
  const application = bot?.applicationId ?? (await dialog.ask(optional(texts.APPLICATION_ID, owner)));
  if (application !== null) dialog.say(texts.INVITE(inviteLink(application)));
  dialog.say(texts.COPY_ID);
  const guilds = await dialog.ask(many(texts.GUILD, (ids) => ({ discord: { token: "env:A", guilds: ids } })));
  const users = await dialog.ask(many(texts.DISCORD_USERS, (ids) => ({ owners: { discord: { users: ids } } })));
  const fallback = users.length > 0 ? "" : null;
  const text = users.length > 0 ? texts.DISCORD_ROLES : texts.DISCORD_ROLES_NEEDED;
  const anyRoles = many(text, (ids) => ({ owners: { discord: { roles: ids } } }), fallback);
  const roles = await dialog.ask({
    ...anyRoles,
    read: (answer) =>
      listed(answer).some((id) => guilds.includes(id)) ? { complaint: texts.EVERYONE } : anyRoles.read(answer),
  });
  const alerts = await dialog.ask(optional(texts.DISCORD_ALERTS, (id) => ({ alerts: { discord: id } })));
  return { variable, guilds, users, roles, alerts };
}

async function askTelegram(dialog: Dialog, { telegram }: Surroundings): Promise<TelegramAnswers> {
  dialog.say(texts.TELEGRAM_HOW);
  const { variable, bot } = await tryToken(dialog, "CREEL_TELEGRAM_TOKEN", telegram);
  if (bot !== null) dialog.say(texts.START_BOT(bot.username));
  dialog.say(texts.TELEGRAM_ID);
  const users = await dialog.ask(many(texts.TELEGRAM_USERS, (ids) => ({ owners: { telegram: ids } }), null));
  const settings = (id: string) => ({ alerts: { telegram: id } });
  const alerts = await dialog.ask(optional(texts.TELEGRAM_ALERTS, settings, users[0]));
  return { variable, users, alerts };
}

type SettingsFor<T> = (answer: T) => object;

function checked<T>(value: T, settings: object): Read<T> {
  const complaint = complaintAbout(settings);
  return complaint === null ? { value } : { complaint };
}

function one(text: string, fallback: string, settings: SettingsFor<string>): Question<string> {
  return { text, fallback, read: (answer) => checked(answer, settings(answer)) };
}

function optional(text: string, settings: SettingsFor<string>, fallback = ""): Question<string | null> {
  return { text, fallback, read: (answer) => (answer === "" ? { value: null } : checked(answer, settings(answer))) };
}

function many(
  text: string,
  settings: SettingsFor<readonly string[]>,
  fallback: "" | null = "",
): Question<readonly string[]> {
  return {
    text,
    fallback,
    read(answer) {
      const ids = listed(answer);
      if (ids.length === 0 && fallback === null) return { complaint: texts.NEEDED };
      return checked(ids, settings(ids));
    },
  };
}

/** With commas or spaces between; each once. */
function listed(answer: string): string[] {
  return [...new Set(answer.split(/[\s,;]+/).filter((part) => part !== ""))];
}
