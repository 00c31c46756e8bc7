import { Routes } from "discord.js";
import { z } from "zod";
import type { Command } from "../../../commands/command.ts";
import { asOpsError, OpsError } from "../../core/errors.ts";
import type { Finding } from "../../core/finding.ts";
import type { Secret } from "../../core/secrets.ts";
import { createApi, type DiscordApi, readAnswer } from "./api.ts";
import { inviteLink, PERMISSIONS } from "./invite.ts";
import { isThread, permissionsIn } from "./permissions.ts";
import { isRegistered } from "./registration.ts";

export interface CheckOptions {
  readonly token: Secret;
  readonly api: string;
  readonly guilds: readonly string[];
  readonly commands: readonly Command[];
  /** Id of the channel for alerts; null when there is none. */
  readonly alerts: string | null;
}

export interface Bot {
  readonly applicationId: string;
  readonly userId: string;
  readonly name: string;
}

const application = z.object({ id: z.string(), name: z.string(), bot: z.object({ id: z.string() }).optional() });
const named = z.object({ id: z.string(), name: z.string() });
const overwrites = z
  .array(z.object({ id: z.string(), type: z.number(), allow: z.string(), deny: z.string() }))
  .default([]);
const channel = z.object({
  name: z.string(),
  type: z.number(),
  guild_id: z.string(),
  parent_id: z.string().nullish(),
  permission_overwrites: overwrites,
});
const roles = z.array(z.object({ id: z.string(), permissions: z.string() }));
const member = z.object({ roles: z.array(z.string()) });

/** Whose token it is. @throws OpsError `chat-refused`, `chat-unavailable` */
export async function describeBot({ token, api }: Pick<CheckOptions, "token" | "api">): Promise<Bot> {
  return await using(token, api, botOf);
}

/** What `creel doctor` says of Discord. Asks over HTTP only, so it does not disturb a bot that runs. */
export async function checkDiscord(options: CheckOptions): Promise<readonly Finding[]> {
  return await using(options.token, options.api, async (api) => {
    const found: Finding[] = [];
    let bot: Bot;
    try {
      bot = await botOf(api);
    } catch (error) {
      return [problem("discord.token", error)];
    }
    // Creel asks for no privileged intent, so the token is all that the gateway can refuse.
    found.push(ok("discord.token", `It belongs to ${bot.name}.`));
    found.push(...(await servers(api, bot, options)));
    if (options.alerts !== null) found.push(await alertsChannel(api, bot, options.alerts));
    return found;
  });
}

async function servers(api: DiscordApi, bot: Bot, { guilds, commands }: CheckOptions): Promise<Finding[]> {
  if (guilds.length > 0) return await Promise.all(guilds.map((id) => namedServer(api, bot, id, commands)));
  const subject = "discord servers";
  return [
    await look(subject, async () => {
      const all = readAnswer(z.array(named), await api.request({ method: "GET", route: Routes.userGuilds() }));
      if (all.length === 0) {
        return { subject, verdict: "problem", seen: "The bot is in no Discord server.", fix: invitation(bot) };
      }
      const names = all.map(({ name }) => name).join(", ");
      return await commandsIn(api, bot, null, commands, `The bot is in ${names}`);
    }),
  ];
}

async function namedServer(api: DiscordApi, bot: Bot, id: string, commands: readonly Command[]): Promise<Finding> {
  const subject = "discord.guilds";
  return await look(subject, async () => {
    try {
      const { name } = readAnswer(named, await api.request({ method: "GET", route: Routes.guild(id) }));
      return await commandsIn(api, bot, id, commands, `The bot is in ${name}`);
    } catch (error) {
      if (!(error instanceof OpsError) || error.code !== "chat-forbidden") throw error;
      const seen = `The bot is not in the Discord server ${id}, or may not offer commands there.`;
      return { subject, verdict: "problem", seen, fix: invitation(bot) };
    }
  });
}

function invitation({ applicationId }: Bot): string {
  return `Invite it: ${inviteLink(applicationId)}`;
}

async function commandsIn(
  api: DiscordApi,
  { applicationId }: Bot,
  guild: string | null,
  commands: readonly Command[],
  seen: string,
): Promise<Finding> {
  const subject = guild === null ? "discord servers" : "discord.guilds";
  if (await isRegistered(api, applicationId, guild, commands))
    return ok(subject, `${seen}; its commands are known there.`);
  const fix = "Start Creel once; it registers them.";
  return { subject, verdict: "warning", seen: `${seen}; its commands are missing there or out of date.`, fix };
}

async function alertsChannel(api: DiscordApi, bot: Bot, id: string): Promise<Finding> {
  const subject = "alerts.discord";
  return await look(subject, async () => {
    const place = readAnswer(channel, await api.request({ method: "GET", route: Routes.channel(id) }));
    const rights =
      isThread(place.type) && place.parent_id != null
        ? await overwritesOf(api, place.parent_id)
        : place.permission_overwrites;
    const guildId = place.guild_id;
    const [allRoles, self] = await Promise.all([
      api.request({ method: "GET", route: Routes.guildRoles(guildId) }),
      api.request({ method: "GET", route: Routes.guildMember(guildId, bot.userId) }),
    ]);
    const who = {
      guildId,
      userId: bot.userId,
      roleIds: readAnswer(member, self).roles,
      roles: readAnswer(roles, allRoles),
    };
    const granted = permissionsIn(who, rights);
    const missing = PERMISSIONS.filter(([, bit]) => (granted & bit) === 0n).map(([name]) => name);
    if (missing.length === 0) return ok(subject, `The bot may do all it needs in #${place.name}.`);
    const seen = `In #${place.name} the bot lacks: ${missing.join(", ")}.`;
    return {
      subject,
      verdict: "problem",
      seen,
      fix: `Give it these in the settings of #${place.name}, under Permissions.`,
    };
  });
}

async function overwritesOf(api: DiscordApi, parent: string) {
  return readAnswer(channel, await api.request({ method: "GET", route: Routes.channel(parent) })).permission_overwrites;
}

async function botOf(api: DiscordApi): Promise<Bot> {
  const { id, name, bot } = readAnswer(
    application,
    await api.request({ method: "GET", route: Routes.currentApplication() }),
  );
  return { applicationId: id, userId: bot?.id ?? id, name };
}

async function using<T>(token: Secret, apiRoot: string, use: (api: DiscordApi) => Promise<T>): Promise<T> {
  const api = createApi(token, apiRoot, () => undefined);
  try {
    return await use(api);
  } finally {
    api.close();
  }
}

async function look(subject: string, see: () => Promise<Finding>): Promise<Finding> {
  try {
    return await see();
  } catch (error) {
    return problem(subject, error);
  }
}

function ok(subject: string, seen: string): Finding {
  return { subject, verdict: "ok", seen, fix: null };
}

function problem(subject: string, error: unknown): Finding {
  const { userMessage, hint } = asOpsError(error);
  return { subject, verdict: "problem", seen: userMessage, fix: hint };
}
