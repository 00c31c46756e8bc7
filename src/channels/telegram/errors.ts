import { GrammyError, HttpError } from "grammy";
import { OpsError } from "../../core/errors.ts";
import { cleanLine } from "../shape/plain-text.ts";

/** How a call went wrong, apart from what a person is told. */
export type Refusal =
  | { readonly type: "moved"; readonly chat: string }
  | { readonly type: "unchanged" | "gone" | "frozen" | "no-text" | "no-caption" };

/**
 * The Bot API has one error code for all of these, so only the description tells them apart. Their beginnings are in
 * `Client.cpp` of tdlib/telegram-bot-api and have been the same for years.
 */
const REFUSALS: readonly (readonly [Exclude<Refusal["type"], "moved">, RegExp])[] = [
  ["unchanged", /^Bad Request: message is not modified/],
  ["gone", /^Bad Request: (?:message to (?:edit|delete) not found|MESSAGE_ID_INVALID)/],
  ["frozen", /^Bad Request: message can't be (?:edited|deleted)/],
  ["no-text", /^Bad Request: there is no text in the message to edit/],
  ["no-caption", /^Bad Request: there is no caption in the message to edit/],
];

/** Places that do not exist (any more) or where the bot may not write, as far as they are told as 400 and not as 403. */
const NO_PLACE =
  /^Bad Request: (?:(?:private )?chat not found|PEER_ID_INVALID|CHANNEL_PRIVATE|group chat was |message thread not found|TOPIC_(?:CLOSED|DELETED)|not enough rights|have no (?:rights|write access)|need administrator rights|CHAT_(?:WRITE_FORBIDDEN|ADMIN_REQUIRED|RESTRICTED|SEND_\w+_FORBIDDEN))/;

/** null when it is none of them. */
export function refusalOf(error: unknown): Refusal | null {
  if (!(error instanceof GrammyError) || error.error_code !== 400) return null;
  const { migrate_to_chat_id: moved } = error.parameters;
  if (moved !== undefined) return { type: "moved", chat: String(moved) };
  const found = REFUSALS.find(([, beginning]) => beginning.test(error.description));
  return found === undefined ? null : { type: found[0] };
}

/** Whether it comes from a second `getUpdates` or a webhook that is set. */
export function isConflict(error: unknown): boolean {
  return error instanceof GrammyError && error.error_code === 409;
}

/**
 * What a caller is told. Errors of grammY hold what was sent, and those of the network the address with the token in it, so
 * none of them is passed on as a cause.
 */
export function toOpsError(error: unknown, token: string): OpsError {
  if (error instanceof OpsError) return error;
  if (error instanceof GrammyError) return answered(error);
  if (error instanceof HttpError) return unreachable(error);
  const scrub = (text: string): string => text.replaceAll(token, "[redacted]");
  return new OpsError({
    code: "internal",
    userMessage: `Something went wrong inside Creel: ${scrub(error instanceof Error ? error.message : String(error))}`,
    hint: "Please report it, with the end of creel.log in the state folder.",
    evidence: error instanceof Error && error.stack ? [scrub(error.stack)] : [],
  });
}

function answered({ error_code: code, description, parameters, method }: GrammyError): OpsError {
  const evidence = [`${method}: ${code} ${description}`];
  if (code === 429) {
    const retryAfterMs = parameters.retry_after === undefined ? null : parameters.retry_after * 1000;
    return slowDown(evidence, retryAfterMs);
  }
  if (code >= 500) return unavailable("Telegram has a problem of its own.", evidence);
  if (code === 401 || code === 404) return tokenRefused(evidence);
  if (code === 409) return secondProgram(evidence);
  if (code === 400 && method === "setWebhook") return webhookRefused(description, evidence);
  if (code === 403 || parameters.migrate_to_chat_id !== undefined || NO_PLACE.test(description)) {
    return new OpsError({
      code: "chat-forbidden",
      userMessage: "Telegram does not let the bot write there.",
      hint: "Add the bot to the group again, or open a chat with it and press Start.",
      evidence,
    });
  }
  return new OpsError({
    code: "internal",
    userMessage: "Telegram did not understand what Creel sent.",
    hint: "Please report it, with the end of creel.log in the state folder.",
    evidence,
  });
}

/** Telegram's own words say best what is wrong: a port, a certificate, a name that nobody knows. */
function webhookRefused(description: string, evidence: readonly string[]): OpsError {
  const reason = cleanLine(description)
    .replace(/^Bad Request: (?:bad webhook: )?/i, "")
    .replace(/\.$/, "");
  return new OpsError({
    code: "config-invalid",
    userMessage: `Telegram does not take the address in telegram.webhook.url. It says: ${reason}.`,
    hint: "Set telegram.webhook.url to an https:// address that Telegram can reach, on port 443, 80, 88 or 8443.",
    evidence,
  });
}

/** 404 is what a token gets that does not even look like one. */
function tokenRefused(evidence: readonly string[]): OpsError {
  return new OpsError({
    code: "chat-refused",
    userMessage: "Telegram refuses the bot's token.",
    hint: "Ask @BotFather for a new one with /token and set telegram.token.",
    evidence,
  });
}

function secondProgram(evidence: readonly string[]): OpsError {
  return new OpsError({
    code: "chat-refused",
    userMessage: "Another program uses the same Telegram bot.",
    hint: "Stop the other program, or give this one a bot of its own: @BotFather makes one with /newbot.",
    evidence,
  });
}

export function slowDown(evidence: readonly string[], retryAfterMs: number | null): OpsError {
  return unavailable("Telegram asks Creel to slow down.", evidence, retryAfterMs);
}

export function unavailable(
  userMessage: string,
  evidence: readonly string[],
  retryAfterMs: number | null = null,
): OpsError {
  return new OpsError({ code: "chat-unavailable", userMessage, retry: "later", retryAfterMs, evidence });
}

function unreachable({ error }: HttpError): OpsError {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : null;
  const why = typeof code === "string" && /^\w+$/.test(code) ? code : "no valid answer in time";
  return unavailable("Telegram cannot be reached.", [`Telegram: ${why}`]);
}
