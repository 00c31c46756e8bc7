import type { ChatMessage } from "../fixtures/telegram/server.ts";
import type { Button } from "../fixtures/telegram/world.ts";
import { clockTime, escapeHtml, page } from "./html.ts";
import type { TelegramPicture } from "./picture.ts";
import { telegramText } from "./telegram-text.ts";

/** A private chat with the bot on a phone. @throws Error for what no picture has needed so far */
export function telegramPage({ messages }: TelegramPicture): string {
  const shown = messages.map(shownMessage).join("");
  return page("telegram", `<header><i>C</i><b>Creel</b><small>bot</small></header><main>${shown}</main>`);
}

function shownMessage(message: ChatMessage): string {
  const { byBot, text, entities, edits, sentAtMs, document, reply_markup } = message;
  if (document !== undefined) throw new Error("no picture of files yet");
  const time = `<time>${edits.length > 0 ? "edited " : ""}${clockTime(sentAtMs)}</time>`;
  return [
    `<article class="${byBot ? "theirs" : "mine"}"><div class="bubble">${telegramText(text, entities)}${time}</div>`,
    ...(reply_markup?.inline_keyboard ?? []).map(shownRow),
    "</article>",
  ].join("");
}

function shownRow(row: readonly Button[]): string {
  const buttons = row.map(({ text, style }) => `<span class="${style ?? "plain"}">${escapeHtml(text)}</span>`);
  return `<div class="row">${buttons.join("")}</div>`;
}
