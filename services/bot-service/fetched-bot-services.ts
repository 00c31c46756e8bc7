import { z } from "zod";
import type { AgentChannel, Bot } from "../../src/core/agent-settings.ts";
import { botIdIn } from "../../src/core/bot-token.ts";
import { OpsError } from "../../src/core/errors.ts";
import type { Secret } from "../../src/core/secrets.ts";
import { boundedGet } from "../bounded-fetch/bounded-fetch.ts";
import type { BotServices } from "./bot-service.ts";

export interface FetchedBotServicesOptions {
  /** For each request; default 10 s. */
  readonly timeLimitMs?: number;
  /** Default: Discord's own, of version 10. */
  readonly discordApi?: string;
}

interface Service {
  readonly title: string;
  /** What to do when it does not take a token. */
  readonly newToken: string;
}

const SERVICES: Readonly<Record<AgentChannel, Service>> = {
  telegram: { title: "Telegram", newToken: "@BotFather shows it again: /mybots → the bot → API Token." },
  discord: { title: "Discord", newToken: "Make a new one in the Developer Portal under Bot → Reset Token." },
};

const telegramBot = z.object({
  ok: z.literal(true),
  result: z.object({ id: z.number().int(), is_bot: z.literal(true), username: z.string().min(1) }),
});
const discordUser = z.object({
  id: z.string().regex(/^\d{15,20}$/),
  username: z.string().min(1),
  bot: z.literal(true),
});
const discordApplication = z.object({ flags: z.number().int().default(0) });
/** Discord turns away programs that do not call themselves like this. */
const USER_AGENT = "DiscordBot (creel, 1)";
/** Of an application's flags: it may read what is written in servers, also as one that few use. */
const MESSAGE_CONTENT = (1 << 18) | (1 << 19);

/** The real ones. */
export function createBotServices(options: FetchedBotServicesOptions = {}): BotServices {
  const { timeLimitMs, discordApi = "https://discord.com/api/v10" } = options;

  /** @throws OpsError as `BotServices.whose`. */
  async function get<Schema extends z.ZodType>(
    service: Service,
    schema: Schema,
    request: {
      readonly url: string;
      readonly headers?: Record<string, string>;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<z.output<Schema>> {
    const { url, headers = {}, signal } = request;
    const limit = timeLimitMs === undefined ? {} : { timeLimitMs };
    const answer = await boundedGet(url, { headers, signal, limitBytes: 1024 * 1024, ...limit });
    if (!answer.answered) throw unavailable(`${service.title} cannot be asked: ${answer.why}.`, null);
    const { status, json, retryAfterMs } = answer;
    // Telegram answers 404 to what is no token.
    if (status === 401 || status === 404) throw refused(service);
    if (status === 429) throw unavailable(`${service.title} asks to wait.`, retryAfterMs ?? waitIn(json));
    const { data } = status === 200 ? schema.safeParse(json) : {};
    if (data !== undefined) return data;
    throw unavailable(`${service.title} answers in a way that cannot be understood (HTTP ${status}).`, null);
  }

  async function onTelegram(root: string, token: Secret, signal: AbortSignal | undefined): Promise<Bot> {
    const url = `${root.replace(/\/$/, "")}/bot${token.reveal()}/getMe`;
    const { result } = await get(SERVICES.telegram, telegramBot, { url, signal });
    return { id: String(result.id), name: result.username };
  }

  async function onDiscord(token: Secret, signal: AbortSignal | undefined): Promise<Bot> {
    const request = { headers: { authorization: `Bot ${token.reveal()}`, "user-agent": USER_AGENT }, signal };
    const { id, username } = await get(SERVICES.discord, discordUser, { ...request, url: `${discordApi}/users/@me` });
    const application = { ...request, url: `${discordApi}/applications/@me` };
    const { flags } = await get(SERVICES.discord, discordApplication, application);
    if ((flags & MESSAGE_CONTENT) === 0) throw cannotRead(username);
    return { id, name: username };
  }

  return {
    async whose(channel, { apiRoot }, token, signal) {
      // What is none would stand in an address, or in a header, where it could be anything.
      if (botIdIn(channel, token) === null) throw noToken(SERVICES[channel]);
      if (channel === "discord") return await onDiscord(token, signal);
      return await onTelegram(apiRoot ?? "https://api.telegram.org", token, signal);
    },
  };
}

const telegramWait = z.object({ parameters: z.object({ retry_after: z.number().int().min(0).max(3600) }) });
const discordWait = z.object({ retry_after: z.number().min(0).max(3600) });

/** Both services say in the answer itself how many seconds to wait. */
function waitIn(json: unknown): number | null {
  const seconds =
    telegramWait.safeParse(json).data?.parameters.retry_after ?? discordWait.safeParse(json).data?.retry_after;
  return seconds === undefined ? null : Math.ceil(seconds * 1000);
}

function noToken({ title, newToken }: Service): OpsError {
  return new OpsError({ code: "chat-refused", userMessage: `That is no token of a bot on ${title}.`, hint: newToken });
}

function refused({ title, newToken }: Service): OpsError {
  return new OpsError({ code: "chat-refused", userMessage: `${title} does not take this token.`, hint: newToken });
}

function cannotRead(name: string): OpsError {
  return new OpsError({
    code: "chat-refused",
    userMessage: `The bot ${name} may not read messages on Discord.`,
    hint: "Switch on Message Content Intent in the Developer Portal under Bot, then try again.",
  });
}

function unavailable(userMessage: string, retryAfterMs: number | null): OpsError {
  const hint = "Try again later.";
  return new OpsError({ code: "chat-unavailable", userMessage, hint, retry: "later", retryAfterMs });
}
