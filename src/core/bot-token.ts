import type { AgentChannel } from "./agent-settings.ts";
import type { Secret } from "./secrets.ts";

/** Telegram's: the bot's id, a colon and a key. */
const TELEGRAM = /^(\d{5,16}):[\w-]{30,}$/;
/** Discord's: the bot's id as base64url, when the token was made, and a signature. */
const DISCORD = /^([\w-]{20,40})\.[\w-]{5,8}\.[\w-]{20,}$/;

/** The id of the bot that a token is for; null when it is no token of that service's. Whether it is still good, only the service knows. Pure. */
export function botIdIn(channel: AgentChannel, token: Secret): string | null {
  if (channel === "telegram") return TELEGRAM.exec(token.reveal())?.[1] ?? null;
  const encoded = DISCORD.exec(token.reveal())?.[1];
  return encoded === undefined ? null : (/^\d{15,20}$/.exec(fromBase64Url(encoded))?.[0] ?? null);
}

function fromBase64Url(text: string): string {
  try {
    return atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return "";
  }
}
