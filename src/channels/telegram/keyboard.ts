import type { Action } from "../../core/message.ts";
import { buttonsOf, type ChatMessage } from "../channel.ts";
import { cut, words } from "../shape/plain-text.ts";

/** As the Bot API has it: core.telegram.org/bots/api#inlinekeyboardbutton. */
interface Button {
  text: string;
  /** 1–64 bytes. */
  callback_data: string;
  style?: "success" | "danger";
}

export interface Keyboard {
  inline_keyboard: Button[][];
}

const LONGEST_LABEL = 64;
/** Clients that do not know colours show plain buttons. */
const STYLES: Readonly<Record<Action["tone"], "success" | "danger" | null>> = {
  plain: null,
  good: "success",
  danger: "danger",
};

/** Buttons below a message, as many in a row as can be read on a phone; null when there are none. */
export function keyboardOf(message: ChatMessage): Keyboard | null {
  const buttons = buttonsOf(message).map(({ action, press }) => button(action, press));
  if (buttons.length === 0) return null;
  const longest = Math.max(...buttons.map(({ text }) => text.length));
  const perRow = longest <= 10 ? 3 : longest <= 18 ? 2 : 1;
  const rows: Button[][] = [];
  for (let index = 0; index < buttons.length; index += perRow) rows.push(buttons.slice(index, index + perRow));
  return { inline_keyboard: rows };
}

function button({ label, tone }: Action, press: string): Button {
  const style = STYLES[tone];
  const text = cut(words(label), LONGEST_LABEL);
  return { text, callback_data: press, ...(style ? { style } : {}) };
}
