import { Routes } from "discord.js";
import { z } from "zod";
import { type DiscordApi, readAnswer } from "./api.ts";
import type { Bot } from "./describe-bot.ts";
import { PERMISSIONS } from "./invite.ts";
import type { MemberOfServer } from "./permissions.ts";

const server = z.object({
  id: z.string(),
  name: z.string(),
  roles: z.array(z.object({ id: z.string(), permissions: z.string().regex(/^\d+$/) })),
});
const member = z.object({ roles: z.array(z.string()) });

export type Server = z.output<typeof server>;

/** @throws OpsError `chat-forbidden` when the bot is not in it. */
export async function readServer(api: DiscordApi, id: string): Promise<Server> {
  return readAnswer(server, await api.request({ method: "GET", route: Routes.guild(id) }));
}

/** The bot, as a member of a server it is in. @throws OpsError */
export async function readMember(api: DiscordApi, { userId }: Bot, { id, roles }: Server): Promise<MemberOfServer> {
  const self = readAnswer(member, await api.request({ method: "GET", route: Routes.guildMember(id, userId) }));
  return { guildId: id, userId, roleIds: self.roles, roles };
}

/** What Creel needs and these permissions do not hold, by the names Discord shows. */
export function lackedBy(granted: bigint): string[] {
  return PERMISSIONS.filter(([, bit]) => (granted & bit) === 0n).map(([name]) => name);
}
