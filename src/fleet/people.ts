import type { Authority, People } from "../core/actor.ts";
import { CHATS, type ChatName } from "../core/chat.ts";
import type { Finding } from "../core/finding.ts";

export interface WhoMay {
  readonly authority: Authority;
  /** Operating system user who runs Creel. */
  readonly user: string;
  /** The chats that Creel is in. */
  readonly chats: readonly ChatName[];
  /** The chats it tells alerts in. */
  readonly alerts: readonly ChatName[];
}

const NAMES: Readonly<Record<ChatName, string>> = { discord: "Discord", telegram: "Telegram" };

/** Settings of people that are valid and do not do what they look like. */
export function lookAtPeople({ authority: { owners, operators }, user, chats, alerts }: WhoMay): Finding[] {
  const found: Finding[] = [];
  const warn = (seen: string, fix: string) => found.push({ subject: "people", verdict: "warning", seen, fix });
  if (![...owners.terminal, ...operators.terminal].includes(user)) {
    warn(
      `${user} runs Creel and may not give it commands here.`,
      `Add ${user} to owners.terminal, or run it as one of them.`,
    );
  }
  for (const chat of CHATS) {
    const isIn = chats.includes(chat);
    const [owning, operating] = [owners, operators].map((people) => countIn(people, chat)) as [number, number];
    if (isIn && owning === 0) {
      const others = operating > 0 ? "only operators" : "nobody there";
      warn(`Creel is in ${NAMES[chat]}, and ${others} may give it commands.`, `Add your id to owners.${chat}.`);
    }
    if (!isIn && owning + operating > 0) {
      warn(`People of ${NAMES[chat]} are named, and Creel is not there.`, `Set ${chat}.token, or leave them out.`);
    }
  }
  if (chats.length > 0 && alerts.length === 0) {
    const chat = chats[0] ?? "discord";
    warn("Nobody is told when an agent is down: there is no place for alerts.", `Set alerts.${chat}.`);
  }
  if (found.length > 0) return found;
  return [{ subject: "people", verdict: "ok", seen: "Everywhere Creel is, somebody may give it commands.", fix: null }];
}

function countIn(people: People, chat: ChatName): number {
  return chat === "discord" ? people.discord.users.length + people.discord.roles.length : people[chat].length;
}
