/** What only Telegram makes it necessary to say. Plain text; nothing in it is from outside. */

/** In a group, instead of a private answer to somebody the bot may not write to. `link` opens a chat with the bot. */
export function openAChatFirst(link: string): string {
  return `The answer is for you alone, and I may not write to you yet. Open ${link}, press Start, and ask again.`;
}

/** In a group, to somebody who writes as the group or as a channel. */
export const NOT_A_PERSON = "I cannot see who you are while you write anonymously. Switch that off and ask again.";
