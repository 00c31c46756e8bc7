import { isDeepStrictEqual } from "node:util";
import { ApplicationCommandOptionType, ApplicationIntegrationType, InteractionContextType, Routes } from "discord.js";
import { z } from "zod";
import type { Command, CommandOption } from "../../../commands/command.ts";
import { cut } from "../shape/plain-text.ts";
import type { DiscordApi } from "./api.ts";

const MAX_SUMMARY = 100;
const MAX_CHOICES = 25;

/** What Discord keeps of an option and we set; it adds the defaults of the rest. */
const option = z.object({
  type: z.number(),
  name: z.string(),
  description: z.string(),
  required: z.boolean().default(false),
  autocomplete: z.boolean().default(false),
  choices: z.array(z.object({ name: z.string(), value: z.union([z.string(), z.number()]) })).default([]),
  min_value: z.number().nullable().default(null),
  max_value: z.number().nullable().default(null),
});
const registered = z.object({
  type: z.number().default(1),
  name: z.string(),
  description: z.string(),
  options: z.array(option).default([]),
  default_member_permissions: z.string().nullable().default(null),
  contexts: z.array(z.number()).nullable().default(null),
});

/** A command as Discord is told about it. Who may use it is Creel's decision, so Discord shows it to everybody. */
function toDiscord({ name, summary, options }: Command, isGlobal: boolean): object {
  const required = options.filter((one) => one.required);
  const optional = options.filter((one) => !one.required);
  return {
    name,
    description: cut(summary, MAX_SUMMARY),
    options: [...required, ...optional].map(optionToDiscord),
    default_member_permissions: null,
    // Only commands for all servers know these: not in private chats, and added to servers rather than to people.
    ...(isGlobal
      ? { contexts: [InteractionContextType.Guild], integration_types: [ApplicationIntegrationType.GuildInstall] }
      : {}),
  };
}

function optionToDiscord({ name, summary, kind, required, choices = [], min, max, offers }: CommandOption): object {
  const common = { name, description: cut(summary, MAX_SUMMARY), required };
  if (kind === "count") {
    const bounds = {
      ...(min === undefined ? {} : { min_value: min }),
      ...(max === undefined ? {} : { max_value: max }),
    };
    return { ...common, type: ApplicationCommandOptionType.Integer, ...bounds };
  }
  const text = { ...common, type: ApplicationCommandOptionType.String };
  const isCompleted = kind === "agent" || kind === "operation" || kind === "secret-ref" || offers !== undefined;
  if (isCompleted) return { ...text, autocomplete: true };
  if (kind !== "choice") return text;
  if (choices.length > MAX_CHOICES) return { ...text, autocomplete: true };
  return { ...text, choices: choices.map((choice) => ({ name: choice, value: choice })) };
}

/** Makes Discord know exactly these commands in one server, or with null in all. @throws OpsError `chat-forbidden` where the bot is not. */
export async function register(
  api: DiscordApi,
  applicationId: string,
  guild: string | null,
  commands: readonly Command[],
): Promise<void> {
  if (await isRegistered(api, applicationId, guild, commands)) return;
  const body = commands.map((command) => toDiscord(command, guild === null));
  await api.request({ method: "PUT", route: routeOf(applicationId, guild), body });
}

/** Whether Discord knows exactly these commands there. */
export async function isRegistered(
  api: DiscordApi,
  applicationId: string,
  guild: string | null,
  commands: readonly Command[],
): Promise<boolean> {
  const route = routeOf(applicationId, guild);
  const known = z.array(registered).safeParse(await api.request({ method: "GET", route }));
  if (!known.success) return false;
  const wanted = z.array(registered).parse(commands.map((command) => toDiscord(command, guild === null)));
  return isDeepStrictEqual(comparable(known.data, guild), comparable(wanted, guild));
}

function routeOf(applicationId: string, guild: string | null) {
  return guild === null
    ? Routes.applicationCommands(applicationId)
    : Routes.applicationGuildCommands(applicationId, guild);
}

/** Commands of one server have no contexts, whatever Discord says they default to. Their order is Discord's. */
function comparable(all: readonly z.output<typeof registered>[], guild: string | null): object[] {
  return all
    .map((one) => (guild === null ? one : { ...one, contexts: null }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
