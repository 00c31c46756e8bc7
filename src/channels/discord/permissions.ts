import { ChannelType, OverwriteType, PermissionFlagsBits } from "discord.js";

export interface Overwrite {
  readonly id: string;
  readonly type: number;
  readonly allow: string;
  readonly deny: string;
}

export interface MemberOfServer {
  /** Of the server; also that of its role @everyone. */
  readonly guildId: string;
  readonly userId: string;
  readonly roleIds: readonly string[];
  /** All roles of the server. */
  readonly roles: readonly { readonly id: string; readonly permissions: string }[];
}

const ALL = (1n << 64n) - 1n;

/** What a member may do in a channel. Source: Discord API, "Permission Overwrites": everyone, then roles together, then the member. */
export function permissionsIn(member: MemberOfServer, overwrites: readonly Overwrite[]): bigint {
  const own = member.roles.filter(({ id }) => id === member.guildId || member.roleIds.includes(id));
  const base = own.reduce((sum, { permissions }) => sum | BigInt(permissions), 0n);
  if ((base & PermissionFlagsBits.Administrator) !== 0n) return ALL;
  const ofRoles = overwrites.filter(({ type }) => type === OverwriteType.Role);
  return [
    ofRoles.filter(({ id }) => id === member.guildId),
    ofRoles.filter(({ id }) => member.roleIds.includes(id)),
    overwrites.filter(({ id, type }) => type === OverwriteType.Member && id === member.userId),
  ].reduce(changed, base);
}

/** Whether who has these permissions in a channel may post there; everything Creel says is an embed. */
export function mayPost(granted: bigint, isInThread: boolean): boolean {
  const { Administrator, ViewChannel, SendMessages, SendMessagesInThreads, EmbedLinks } = PermissionFlagsBits;
  if ((granted & Administrator) !== 0n) return true;
  const needed = ViewChannel | EmbedLinks | (isInThread ? SendMessagesInThreads : SendMessages);
  return (granted & needed) === needed;
}

const THREADS: ReadonlySet<number | null> = new Set([
  ChannelType.AnnouncementThread,
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
]);

/** @param type of a channel, as Discord numbers them; null when it is not known. */
export function isThread(type: number | null): boolean {
  return THREADS.has(type);
}

function changed(before: bigint, overwrites: readonly Overwrite[]): bigint {
  const denied = overwrites.reduce((sum, { deny }) => sum | BigInt(deny), 0n);
  const allowed = overwrites.reduce((sum, { allow }) => sum | BigInt(allow), 0n);
  return (before & ~denied) | allowed;
}
