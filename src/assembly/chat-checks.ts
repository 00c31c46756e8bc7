import { commands } from "../../commands/index.ts";
import type { Config } from "../config.ts";
import type { Check } from "../core/finding.ts";
import type { Tools } from "./tools.ts";

/** What `creel doctor` looks at in the chats of the settings. Their libraries are loaded when it does. */
export function chatChecks({ settings }: Config, { resolve }: Pick<Tools, "resolve">): Check[] {
  const { discord, telegram, alerts } = settings;
  const checks: Check[] = [];
  if (discord !== undefined) {
    checks.push({
      subject: "discord",
      async look() {
        const { checkDiscord } = await import("../channels/discord/check.ts");
        const { api, guilds } = discord;
        const token = await resolve(discord.token);
        return await checkDiscord({ token, api, guilds, commands, alerts: alerts.discord ?? null });
      },
    });
  }
  if (telegram !== undefined) {
    checks.push({
      subject: "telegram",
      async look() {
        const { diagnoseTelegram } = await import("../channels/telegram/diagnose.ts");
        const { apiRoot, webhook } = telegram;
        const token = await resolve(telegram.token);
        const webhookUrl = webhook?.url ?? null;
        return await diagnoseTelegram({ token, apiRoot, webhookUrl, alertsChat: alerts.telegram ?? null });
      },
    });
  }
  return checks;
}
