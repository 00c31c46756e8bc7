import { Routes } from "discord.js";
import { z } from "zod";
import type { Command } from "../../../commands/command.ts";
import { OpsError } from "../../core/errors.ts";
import type { Finding } from "../../core/finding.ts";
import { ok, problem } from "../../core/finding.ts";
import { type DiscordApi, readAnswer } from "./api.ts";
import type { Bot } from "./describe-bot.ts";
import { inviteLink } from "./invite.ts";
import { permissionsIn } from "./permissions.ts";
import { isRegistered } from "./registration.ts";
import { lackedBy, readMember, readServer, type Server } from "./server-member.ts";

/** So many servers are looked into; a bot may be in hundreds. */
const MOST = 10;
const named = z.array(z.object({ id: z.string(), name: z.string() }));

interface Wanted {
  /** None: all servers the bot is in. */
  readonly guilds: readonly string[];
  readonly commands: readonly Command[];
}

/** Whether the bot is in its servers, its commands are known there, and what it may not do in each as a whole. */
export async function checkServers(api: DiscordApi, bot: Bot, { guilds, commands }: Wanted): Promise<Finding[]> {
  if (guilds.length === 0) return await allServers(api, bot, commands);
  const looked = await Promise.all(guilds.map((id) => namedServer(api, bot, id, commands)));
  const entered = looked.flatMap(({ server }) => (server === null ? [] : [server]));
  return [...looked.map(({ finding }) => finding), ...(await permissions(api, bot, entered))];
}

async function allServers(api: DiscordApi, bot: Bot, commands: readonly Command[]): Promise<Finding[]> {
  const subject = "discord servers";
  try {
    const all = readAnswer(named, await api.request({ method: "GET", route: Routes.userGuilds() }));
    if (all.length === 0) {
      return [{ subject, verdict: "problem", seen: "The bot is in no Discord server.", fix: invitation(bot) }];
    }
    const names = all.slice(0, MOST).map(({ name }) => name);
    const others = all.length > MOST ? ` and ${all.length - MOST} more` : "";
    const seen = `The bot is in ${names.join(", ")}${others}`;
    const registered = await commandsIn(api, bot, null, commands, seen);
    const entered = await Promise.all(all.slice(0, MOST).map(({ id }) => readServer(api, id)));
    return [registered, ...(await permissions(api, bot, entered))];
  } catch (error) {
    return [problem(subject, error)];
  }
}

async function namedServer(
  api: DiscordApi,
  bot: Bot,
  id: string,
  commands: readonly Command[],
): Promise<{ readonly finding: Finding; readonly server: Server | null }> {
  const subject = "discord.guilds";
  try {
    const server = await readServer(api, id);
    return { finding: await commandsIn(api, bot, id, commands, `The bot is in ${server.name}`), server };
  } catch (error) {
    const isOutside = error instanceof OpsError && error.code === "chat-forbidden";
    if (!isOutside) return { finding: problem(subject, error), server: null };
    const seen = `The bot is not in the Discord server ${id}, or may not offer commands there.`;
    return { finding: { subject, verdict: "problem", seen, fix: invitation(bot) }, server: null };
  }
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

/** One finding per server where something is missing, and one for all the others. Channels may still differ from their server. */
async function permissions(api: DiscordApi, bot: Bot, entered: readonly Server[]): Promise<Finding[]> {
  const subject = "discord permissions";
  try {
    const servers = await Promise.all(
      entered.slice(0, MOST).map(async (server) => {
        const missing = lackedBy(permissionsIn(await readMember(api, bot, server), []));
        return { name: server.name, missing };
      }),
    );
    const complete = servers.filter(({ missing }) => missing.length === 0).map(({ name }) => name);
    const fix = `Invite it again, which gives it what is missing: ${inviteLink(bot.applicationId)}`;
    return [
      ...(complete.length === 0 ? [] : [ok(subject, `The bot may do all it needs in ${complete.join(", ")}.`)]),
      ...servers.flatMap(({ name, missing }): Finding[] => {
        const seen = `In ${name} as a whole the bot lacks: ${missing.join(", ")}.`;
        return missing.length === 0 ? [] : [{ subject, verdict: "warning", seen, fix }];
      }),
    ];
  } catch (error) {
    return [problem(subject, error)];
  }
}

function invitation({ applicationId }: Bot): string {
  return `Invite it: ${inviteLink(applicationId)}`;
}
