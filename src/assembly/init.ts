import { describeBot as describeDiscordBot } from "../channels/discord/describe-bot.ts";
import { inviteLink } from "../channels/discord/invite.ts";
import { describeBot as describeTelegramBot } from "../channels/telegram/describe-bot.ts";
import { settingsPlace } from "../config.ts";
import { runInit } from "../init/init.ts";

/** `creel init`. Resolves to the exit status. @throws OpsError when the file cannot be written. */
export async function runInitMode(signal: AbortSignal): Promise<number> {
  const { file, environment, user } = settingsPlace();
  const { stdin, stdout } = process;
  return await runInit({
    input: stdin,
    output: stdout,
    interactive: stdin.isTTY === true && stdout.isTTY === true,
    file,
    environment,
    user,
    describeDiscord: (token, api) => describeDiscordBot({ token, api }),
    describeTelegram: (token, apiRoot) => describeTelegramBot({ token, apiRoot }),
    inviteLink,
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    now: Date.now,
    signal,
  });
}
