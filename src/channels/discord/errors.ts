import {
  DiscordAPIError,
  DiscordjsError,
  DiscordjsErrorCodes,
  GatewayCloseCodes,
  HTTPError,
  RateLimitError,
} from "discord.js";
import { errnoOf } from "../../core/errno.ts";
import { OpsError } from "../../core/errors.ts";

/** Source: Discord API, "Opcodes and Status Codes", JSON error codes. */
export const CODE = {
  unknownChannel: 10_003,
  unknownGuild: 10_004,
  unknownMessage: 10_008,
  unknownWebhook: 10_015,
  unknownInteraction: 10_062,
  tooOldToEdit: 30_046,
  alreadyAcknowledged: 40_060,
  missingAccess: 50_001,
  cannotMessageUser: 50_007,
  missingPermissions: 50_013,
  wrongChannelType: 50_024,
  expiredToken: 50_027,
  archivedThread: 50_083,
  noHistoryForReply: 160_002,
  threadExists: 160_004,
} as const;

const FORBIDDEN: ReadonlySet<number> = new Set([
  CODE.unknownChannel,
  CODE.unknownGuild,
  CODE.missingAccess,
  CODE.cannotMessageUser,
  CODE.missingPermissions,
  CODE.wrongChannelType,
  CODE.archivedThread,
  CODE.noHistoryForReply,
]);

/** What Discord answered, and nothing of the request: discord.js' own errors keep its body and an address with a token in it. */
class DiscordAnswer extends Error {
  readonly status: number;
  readonly code: number;
  constructor(status: number, code: number, text: string) {
    super(`Discord answered ${status} (${code}): ${text}`);
    this.name = "DiscordAnswer";
    this.status = status;
    this.code = code;
  }
}

/** Discord's code in an error that `toOpsError` made; null for any other. */
export function discordCode(error: unknown): number | null {
  return error instanceof OpsError && error.cause instanceof DiscordAnswer ? error.cause.code : null;
}

function tokenRefused(): OpsError {
  return new OpsError({
    code: "chat-refused",
    userMessage: "Discord refuses the bot's token.",
    hint: "Make a new one in the Developer Portal under Bot → Reset Token, and put it where discord.token points.",
  });
}

/** Any failed request. Whatever is no answer of Discord's is its network. */
export function toOpsError(error: unknown): OpsError {
  if (error instanceof OpsError) return error;
  if (error instanceof RateLimitError) return busy(error.retryAfter);
  if (error instanceof HTTPError) {
    return unavailable("Discord has trouble of its own.", new DiscordAnswer(error.status, 0, error.message));
  }
  if (error instanceof DiscordjsError && error.code === DiscordjsErrorCodes.TokenInvalid) return tokenRefused();
  if (error instanceof DiscordAPIError) return fromAnswer(error.status, Number(error.code) || 0, error.message);
  const name = error instanceof Error ? error.name : "unknown";
  return unavailable("Discord cannot be reached.", new Error(`no answer from Discord (${name}${systemCode(error)})`));
}

function fromAnswer(status: number, code: number, text: string): OpsError {
  const cause = new DiscordAnswer(status, code, text);
  if (status === 401 && code !== CODE.expiredToken) return tokenRefused();
  if (FORBIDDEN.has(code)) {
    return new OpsError({
      code: "chat-forbidden",
      userMessage: "The bot may not do this in that Discord channel, or the channel is gone.",
      hint: "Give it View Channel, Send Messages, Send Messages in Threads, Create Public Threads, Embed Links, Attach Files and Read Message History there.",
      cause,
    });
  }
  if (status >= 500) return unavailable("Discord has trouble of its own.", cause);
  return new OpsError({
    code: "internal",
    userMessage: `Discord did not accept a request (${status}, ${code}).`,
    cause,
  });
}

/** Closing codes after which discord.js gives up. Source: Discord API, "Gateway Close Event Codes". */
export function fromCloseCode(code: number): OpsError {
  if (code === GatewayCloseCodes.AuthenticationFailed) return tokenRefused();
  if (code === GatewayCloseCodes.DisallowedIntents || code === GatewayCloseCodes.InvalidIntents) {
    return new OpsError({
      code: "chat-refused",
      userMessage: "Discord refuses the bot because an intent it asks for is switched off.",
      hint: "Switch it on in the Developer Portal under Bot → Privileged Gateway Intents, then start Creel again.",
    });
  }
  return new OpsError({
    code: "chat-refused",
    userMessage: `Discord has closed the bot's connection for good (${code}).`,
    hint: "Install the newest version of Creel; if that does not help, please report it.",
  });
}

function busy(retryAfterMs: number): OpsError {
  return new OpsError({
    code: "chat-unavailable",
    userMessage: "Discord asks to wait a moment.",
    retry: "later",
    // Whatever a header made of it, it has to be a time to wait.
    retryAfterMs: Number.isFinite(retryAfterMs) ? Math.max(0, Math.ceil(retryAfterMs)) : null,
  });
}

function unavailable(userMessage: string, cause: Error): OpsError {
  return new OpsError({ code: "chat-unavailable", userMessage, retry: "later", cause });
}

function systemCode(error: unknown): string {
  const code = errnoOf(error);
  return code === null ? "" : `, ${code}`;
}
