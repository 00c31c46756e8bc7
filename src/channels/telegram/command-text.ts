import type { Command } from "../../../commands/command.ts";
import { greetingLine } from "../../../commands/greeting.ts";
import { visible } from "../../core/typed.ts";
import type { TelegramMessage } from "./update.ts";

const COMMAND = /^\/([A-Za-z0-9_]{1,64})(?:@([A-Za-z0-9_]{3,32}))?(?![\w@/])/;

/**
 * The command line in a message, without the bot's name, or null when the message is not for this bot. In a private chat every
 * text is, and words that are no command make the line of a greeting. In a group a name after the command decides; without one it has to be a command of ours, since there may be
 * other bots. What somebody else wrote and was passed on commands nothing.
 */
export function commandLineOf(message: TelegramMessage, botName: string, commands: readonly Command[]): string | null {
  const { text, chat } = message;
  if (text === undefined || message.forward_origin !== undefined || message.via_bot !== undefined) return null;
  const [whole = "", name = "", addressee] = COMMAND.exec(text) ?? [];
  const isOurs = addressee?.toLowerCase() === botName.toLowerCase();
  if (addressee !== undefined && !isOurs) return null;
  if (chat.type === "channel") return null;
  const known = name.toLowerCase() === "start" || commands.some((command) => command.name === name.toLowerCase());
  if (chat.type !== "private" && !isOurs && !(known && name.toLowerCase() !== "start")) return null;
  // What opening a chat sends, perhaps with a parameter of the link that led there.
  if (name.toLowerCase() === "start") return greetingLine("");
  if (name !== "") return `/${name}${text.slice(whole.length)}`;
  const [first = ""] = firstWord(text);
  const isCommand = first.startsWith("/") || commands.some((command) => command.name === first);
  return isCommand ? text : greetingLine(text);
}

/** Whether a text in a private chat asks for something that there is, whatever else it may be. */
export function isCommandOfOurs(text: string, commands: readonly Command[]): boolean {
  const [first = ""] = firstWord(text);
  const [name] = first.replace(/^\//, "").split("@");
  return name === "start" || commands.some((command) => command.name === name);
}

function firstWord(text: string): string[] {
  return visible(text).trim().toLowerCase().split(" ");
}
