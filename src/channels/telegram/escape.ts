const WORD_JOINER = "\u2060";

/** The characters that mean something in Telegram's HTML (core.telegram.org/bots/api#html-style). */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/**
 * A version or an amount stays as it is, so that it can be copied: a host name has a letter in it or four numbers. Every other
 * dot inside a word is one that could belong to a host name.
 */
const DOTS = /(?<![^\s(=])\d+(?:\.\d+){1,2}(?=$|[\s),;%]|\.(?:\s|$))|\.(?=[^\s.])/gu;
/** At least seven digits: telephone and bank card numbers. */
const DIGITS = /\d(?:[ ()-]{0,2}\d){6,}/gu;

/**
 * Keeps Telegram from finding links, e-mail addresses, mentions, commands, tags and numbers to call in `text`, which looks the
 * same afterwards. The server searches every message; the rules are `find_entities` in tdlib/td (td/telegram/MessageEntity.cpp):
 * U+2060 is neither part of a word nor of a URL there, so one behind the character that starts the match ends it.
 */
export function defuse(text: string): string {
  return text
    .replace(/@(?=[A-Za-z0-9_])/g, `@${WORD_JOINER}`)
    .replace(/#(?=\S)/gu, `#${WORD_JOINER}`)
    .replace(/\$(?=[A-Z0-9])/g, `$${WORD_JOINER}`)
    .replace(/(?<![A-Za-z0-9_/])\/(?=[A-Za-z0-9_])/g, `/${WORD_JOINER}`)
    .replace(/:(?=\/\/)/g, `:${WORD_JOINER}`)
    .replace(/\+(?=\d)/g, `+${WORD_JOINER}`)
    .replace(DOTS, (found) => (found === "." ? `.${WORD_JOINER}` : found))
    .replace(DIGITS, (found) => found.replace(/\d\D*\d\D*\d(?=.)/gu, `$&${WORD_JOINER}`));
}
