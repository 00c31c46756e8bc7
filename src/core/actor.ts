import type { ChatName } from "./chat.ts";
import { whyNoTelegramPerson } from "./people-ids.ts";

/** Who asked: the channel's own stable id for a person, never a display name. */
export interface Actor {
  readonly channel: "terminal" | "creel" | ChatName;
  /** Terminal: the operating system's user name. Discord: user snowflake. Telegram: numeric id in decimal. */
  readonly user: string;
  /** Discord role ids; empty elsewhere. */
  readonly roles: readonly string[];
  /** For display only. */
  readonly name: string;
}

/** People by their ids in each channel, as `creel.yaml` lists them. */
export interface People {
  readonly terminal: readonly string[];
  readonly discord: { readonly users: readonly string[]; readonly roles: readonly string[] };
  readonly telegram: readonly string[];
}

export interface Authority {
  /** May do everything. */
  readonly owners: People;
  /** May do whatever needs no confirmation. */
  readonly operators: People;
}

export type Rank = "owner" | "operator" | "stranger";

/** Deny by default: whom no list names is a stranger, whatever a chat's own permissions say. */
export function rankOf(actor: Actor, { owners, operators }: Authority): Rank {
  if (isAmong(actor, owners)) return "owner";
  return isAmong(actor, operators) ? "operator" : "stranger";
}

function isAmong({ channel, user, roles }: Actor, people: People): boolean {
  switch (channel) {
    case "terminal":
      return people.terminal.includes(user);
    case "discord":
      return people.discord.users.includes(user) || roles.some((role) => people.discord.roles.includes(role));
    case "telegram":
      return whyNoTelegramPerson(user) === null && people.telegram.includes(user);
    case "creel":
      return true;
  }
}
