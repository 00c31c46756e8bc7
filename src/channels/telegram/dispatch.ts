import type { Command } from "../../../commands/command.ts";
import { parseLine } from "../../../commands/parse.ts";
import { Secret } from "../../core/secrets.ts";
import type { ChatHandler } from "../channel.ts";
import { createCommandResponder, type ResponderParts } from "./command-responder.ts";
import { commandLineOf, isCommandOfOurs } from "./command-text.ts";
import { createEnteredResponder, discardMessage } from "./entered-responder.ts";
import type { Migrations } from "./migrations.ts";
import { authorOf, personOf, placeOf } from "./people.ts";
import { createPressResponder, dismissPress } from "./press-responder.ts";
import type { TelegramMessage, TelegramPress, Update } from "./update.ts";

/** Telegram does not say beforehand whether the bot may post where somebody wrote. */
const CAN_POST = true;

/** What is older was written to a Creel that was not there. */
export const LATE_MS = 3 * 60_000;

export interface DispatchParts extends ResponderParts {
  readonly handler: ChatHandler;
  readonly commands: readonly Command[];
  readonly migrations: Migrations;
  readonly now: () => number;
  /** How far this machine's clock is ahead of Telegram's. */
  readonly skewMs: () => Promise<number>;
  readonly onError: (error: unknown) => void;
}

/** Hands what people did to the handler. Resolves when it is dealt with; never throws. */
export async function dispatch(parts: DispatchParts, update: Update): Promise<void> {
  try {
    if (update.message !== undefined) await dispatchMessage(parts, update.message, String(update.id));
    if (update.callback_query !== undefined) {
      await dispatchPress(parts, update.callback_query, String(update.id), update.waited === true);
    }
  } catch (error) {
    // Handlers do not throw; one that does must not bring the same update back for ever.
    parts.onError(parts.client.ops(error));
  }
}

async function dispatchMessage(parts: DispatchParts, message: TelegramMessage, key: string): Promise<void> {
  if (message.migrate_to_chat_id !== undefined) {
    parts.migrations.add(String(message.chat.id), String(message.migrate_to_chat_id));
  }
  if (mayBeEntered(parts, message) && (await dispatchEntered(parts, message))) return;
  const line = commandLineOf(message, parts.botName, parts.commands);
  if (line === null) return;
  const actor = authorOf(message);
  if (actor === null) return;
  const place = placeOf(message);
  const responder = createCommandResponder(parts, { actor, place, message: String(message.message_id) });
  const read = () => parseLine(line, parts.commands);
  const atMs = message.date * 1000 + (await parts.skewMs());
  const isLate = async () => parts.now() - atMs > LATE_MS;
  await parts.handler.command({ actor, place, key, atMs, isLate, canPost: CAN_POST, read, responder });
}

function mayBeEntered({ commands }: DispatchParts, { chat, text }: TelegramMessage): boolean {
  return chat.type === "private" && (text === undefined || !isCommandOfOurs(text, commands));
}

/** Whether it was a secret that somebody had been asked for. */
async function dispatchEntered(parts: DispatchParts, message: TelegramMessage): Promise<boolean> {
  const { text, forward_origin: forwarded, via_bot: inline } = message;
  const actor = authorOf(message);
  if (actor === null) return false;
  const awaited = await parts.handler.awaits(actor, text ?? null);
  if (awaited === null) return false;
  const { asked } = awaited;
  const isOwn = forwarded === undefined && inline === undefined;
  const atMs = message.date * 1000 + (await parts.skewMs());
  await parts.handler.entered({
    ...{ actor, asked, canPost: CAN_POST, isOrdinary: true, press: null },
    isLate: async () => parts.now() - atMs > LATE_MS,
    value: text !== undefined && isOwn ? new Secret(text) : null,
    discard: () => discardMessage(parts.client, message),
    responder: createEnteredResponder(parts, actor, asked),
  });
  return true;
}

async function dispatchPress(parts: DispatchParts, query: TelegramPress, key: string, waited: boolean): Promise<void> {
  const { message, data } = query;
  if (message === undefined || data === undefined) return dismissPress(parts, query.id);
  const actor = personOf(query.from);
  if (actor === null) return dismissPress(parts, query.id);
  const posted = { place: placeOf(message), id: String(message.message_id) };
  const responder = createPressResponder(parts, { actor, place: posted.place, message: posted.id }, query.id);
  try {
    const isLate = async () => waited;
    const event = { actor, key, atMs: null, isLate, canPost: CAN_POST, posted, isOrdinary: true };
    await parts.handler.press({ ...event, press: data, responder });
  } finally {
    await responder.finish();
  }
}
