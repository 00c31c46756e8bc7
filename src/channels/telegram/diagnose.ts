import { type Finding, ok, problem, warning } from "../../core/finding.ts";
import type { Secret } from "../../core/secrets.ts";
import { cleanLine } from "../shape/plain-text.ts";
import { type Client, createClient } from "./client.ts";
import { isConflict } from "./errors.ts";
import { createHealth } from "./health.ts";

export interface TelegramDiagnosis {
  readonly token: Secret;
  readonly apiRoot: string;
  /** As configured; null for asking for updates. */
  readonly webhookUrl: string | null;
  /** Id of the chat for alerts; null when none is set. */
  readonly alertsChat: string | null;
}

/** So many waiting updates mean that nobody takes them. */
const MANY_PENDING = 20;
/** Another program that keeps asking comes back within this time. */
const CONFLICT_SECONDS = 4;

/** What `creel doctor` says about the Telegram bot. Confirms no update and writes no message. Never throws. */
export async function diagnoseTelegram(options: TelegramDiagnosis): Promise<Finding[]> {
  const client = createClient(
    options,
    createHealth(() => undefined),
  );
  let botId: number;
  const findings: Finding[] = [];
  try {
    const bot = await client.api.getMe();
    botId = bot.id;
    findings.push(ok("telegram.token", `The bot is @${bot.username}.`));
  } catch (error) {
    return [problem("telegram.token", client.ops(error))];
  }
  findings.push(...(await updates(client, options)));
  if (options.alertsChat !== null) findings.push(await alerts(client, botId, options.alertsChat));
  return findings;
}

async function updates(client: Client, { webhookUrl }: TelegramDiagnosis): Promise<Finding[]> {
  const subject = webhookUrl === null ? "telegram" : "telegram.webhook";
  try {
    const info = await client.api.getWebhookInfo();
    const set = info.url ?? "";
    const waiting = waitingFinding(subject, info.pending_update_count);
    if (webhookUrl !== null) {
      return [
        webhookFinding(webhookUrl, set),
        lastError(info.last_error_date, info.last_error_message),
        waiting,
      ].filter((finding) => finding !== null);
    }
    if (set === "") return [await pollingFinding(client), ...(waiting === null ? [] : [waiting])];
    const seen = `Telegram delivers this bot's messages to ${set}, while creel.yaml sets no webhook.`;
    return [
      warning(
        subject,
        seen,
        "`creel start` takes them back; if that address is another program, give Creel its own bot.",
      ),
    ];
  } catch (error) {
    return [problem(subject, client.ops(error))];
  }
}

function webhookFinding(wanted: string, set: string): Finding {
  const subject = "telegram.webhook";
  if (set === wanted) return ok(subject, `Telegram delivers to ${set}.`);
  const seen =
    set === "" ? "Telegram does not deliver to any address yet." : `Telegram delivers to ${set}, not to ${wanted}.`;
  return warning(subject, seen, "`creel start` sets the address of telegram.webhook.url.");
}

function lastError(atSeconds: number | undefined, message: string | undefined): Finding | null {
  if (atSeconds === undefined) return null;
  const at = new Date(atSeconds * 1000).toISOString().slice(0, 16).replace("T", " ");
  const seen = `Telegram could last not deliver at ${at} UTC: ${cleanLine(message ?? "it does not say why")}.`;
  return warning(
    "telegram.webhook",
    seen,
    "Check that telegram.webhook.url reaches telegram.webhook.listen from outside.",
  );
}

function waitingFinding(subject: string, count: number): Finding | null {
  if (count < MANY_PENDING) return null;
  return warning(subject, `${count} messages to the bot wait to be read.`, "Start Creel; it answers them then.");
}

/** Of two programs that ask, Telegram ends the older request: another one shows when it asks again. */
async function pollingFinding(client: Client): Promise<Finding> {
  try {
    await client.polling.getUpdates({ timeout: CONFLICT_SECONDS, limit: 1 });
    return ok("telegram", "Nothing else reads the bot's messages.");
  } catch (error) {
    if (!isConflict(error)) return problem("telegram", client.ops(error));
    const fix = "That is fine if Creel is running. If not, stop the other program, or give Creel a bot of its own.";
    return warning("telegram", "Another program reads this bot's messages right now.", fix);
  }
}

async function alerts(client: Client, botId: number, chatId: string): Promise<Finding> {
  const subject = "alerts.telegram";
  try {
    const chat = await client.api.getChat(Number(chatId));
    const title = cleanLine(chat.title ?? chat.first_name ?? chatId);
    if (chat.type === "private") return ok(subject, `Alerts go to the chat with ${title}.`);
    const me = await client.api.getChatMember(Number(chatId), botId);
    const mayWrite =
      chat.type === "channel"
        ? me.status === "administrator" && me.can_post_messages === true
        : me.status === "administrator" ||
          (me.status === "restricted" ? me.can_send_messages : chat.permissions?.can_send_messages !== false);
    if (me.status !== "left" && me.status !== "kicked" && mayWrite) return ok(subject, `Alerts go to ${title}.`);
    return {
      subject,
      verdict: "problem",
      seen: `The bot may not write to ${title}.`,
      fix: "Add the bot to it, and let it send messages.",
    };
  } catch (error) {
    return problem(subject, client.ops(error));
  }
}
