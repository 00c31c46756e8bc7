import { OAuth2Scopes, PermissionFlagsBits } from "discord.js";

/** The least that Creel needs in a channel, by the names Discord shows. */
export const PERMISSIONS: readonly (readonly [name: string, bit: bigint])[] = [
  ["View Channel", PermissionFlagsBits.ViewChannel],
  ["Send Messages", PermissionFlagsBits.SendMessages],
  ["Send Messages in Threads", PermissionFlagsBits.SendMessagesInThreads],
  ["Create Public Threads", PermissionFlagsBits.CreatePublicThreads],
  ["Embed Links", PermissionFlagsBits.EmbedLinks],
  ["Attach Files", PermissionFlagsBits.AttachFiles],
  ["Read Message History", PermissionFlagsBits.ReadMessageHistory],
];

/** Where an owner adds the bot to a server, with no permission that it does not need. */
export function inviteLink(applicationId: string): string {
  const query = new URLSearchParams({
    client_id: applicationId,
    scope: [OAuth2Scopes.Bot, OAuth2Scopes.ApplicationsCommands].join(" "),
    permissions: String(PERMISSIONS.reduce((sum, [, bit]) => sum | bit, 0n)),
  });
  return `https://discord.com/oauth2/authorize?${query}`;
}
