/** Who asked: the channel's own stable id for a person, never a display name. */
export interface Actor {
  readonly channel: "terminal" | "discord" | "telegram" | "creel";
  /** Terminal: the operating system's user name. Discord: user snowflake. Telegram: numeric id in decimal. */
  readonly user: string;
  /** Discord role ids; empty elsewhere. */
  readonly roles: readonly string[];
  /** For display only. */
  readonly name: string;
}

export interface Owners {
  readonly terminal: readonly string[];
}

/** Deny by default: an actor may act only when its channel's owner list names it. */
export function isOwner(actor: Actor, owners: Owners): boolean {
  if (actor.channel === "creel") return true;
  if (actor.channel === "terminal") return owners.terminal.includes(actor.user);
  return false;
}
