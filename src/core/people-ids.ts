/** Telegram's own accounts, through which anybody may speak: its notices, anonymous administrators, channels. */
const SERVICES: ReadonlySet<string> = new Set(["777000", "1087968824", "136817688"]);

/** Why nobody can be known by this id in Telegram, as the end of a sentence; null when somebody can. Bots' ids look like people's. */
export function whyNoTelegramPerson(id: string): string | null {
  if (SERVICES.has(id)) return "must be a person: Telegram itself uses this id, for anybody";
  if (id.startsWith("-")) return "must be a person, not a group or a channel";
  if (!/^[1-9]\d{0,15}$/.test(id)) return "must be a person's numeric id, which the bot tells who writes to it";
  return null;
}
