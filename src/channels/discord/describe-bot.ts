import { Routes } from "discord.js";
import { z } from "zod";
import type { Secret } from "../../core/secrets.ts";
import { type DiscordApi, readAnswer, withApi } from "./api.ts";

export interface Bot {
  readonly applicationId: string;
  readonly userId: string;
  readonly name: string;
}

const application = z.object({ id: z.string(), name: z.string(), bot: z.object({ id: z.string() }).optional() });

/** Whose token it is. @throws OpsError `chat-refused`, `chat-unavailable` */
export async function describeBot({ token, api }: { readonly token: Secret; readonly api: string }): Promise<Bot> {
  return await withApi(token, api, readBot);
}

/** The bot whose token `api` uses. @throws OpsError as `describeBot`. */
export async function readBot(api: DiscordApi): Promise<Bot> {
  const answer = await api.request({ method: "GET", route: Routes.currentApplication() });
  const { id, name, bot } = readAnswer(application, answer);
  return { applicationId: id, userId: bot?.id ?? id, name };
}
