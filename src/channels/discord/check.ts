import type { Command } from "../../../commands/command.ts";
import type { Finding } from "../../core/finding.ts";
import { ok, problem } from "../../core/finding.ts";
import type { Secret } from "../../core/secrets.ts";
import { withApi } from "./api.ts";
import { checkAlertsChannel } from "./check-alerts.ts";
import { checkServers } from "./check-servers.ts";
import { type Bot, readBot } from "./describe-bot.ts";

export interface CheckOptions {
  readonly token: Secret;
  readonly api: string;
  readonly guilds: readonly string[];
  readonly commands: readonly Command[];
  /** Id of the channel for alerts; null when there is none. */
  readonly alerts: string | null;
}

/** What `creel doctor` says of Discord. Asks over HTTP only, so it does not disturb a bot that runs. */
export async function checkDiscord(options: CheckOptions): Promise<readonly Finding[]> {
  return await withApi(options.token, options.api, async (api) => {
    let bot: Bot;
    try {
      bot = await readBot(api);
    } catch (error) {
      return [problem("discord.token", error)];
    }
    return [
      // So the token is all that the gateway can refuse.
      ok("discord.token", `It belongs to ${bot.name}. None of the Privileged Gateway Intents is needed.`),
      ...(await checkServers(api, bot, options)),
      ...(options.alerts === null ? [] : [await checkAlertsChannel(api, bot, options.alerts)]),
    ];
  });
}
