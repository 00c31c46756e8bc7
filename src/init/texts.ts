import type { SecretRef } from "../core/secrets.ts";

/** Everything `creel init` says. */
export const WELCOME = `This writes creel.yaml, question by question. Enter takes what is in brackets; Ctrl-C leaves everything as it was.
`;
export const THERE_IS_ONE = (file: string) =>
  `There is ${file} already. If you replace it, the old one stays beside it.`;
export const REPLACE_IT = "Replace it?";
export const SUGGESTED = "What the old one says is in the brackets.\n";
export const UNREADABLE = "The old one cannot be read, so nothing of it is suggested.\n";

export const TERMINAL_HOW = "In the terminal, owners are users of this machine. Put commas between several.";
export const TERMINAL_OWNERS = "Owners in the terminal";
export const NOT_A_USER = "must be names of users, with commas between them";

export const WANT_DISCORD = "\nGive commands in Discord, too?";
export const DISCORD_HOW = `
The bot's token: https://discord.com/developers/applications → New Application → Bot → Reset Token. Put it in an environment variable; Creel asks only for the variable's name.
`;
export const WANT_TELEGRAM = "\nGive commands in Telegram, too?";
export const TELEGRAM_HOW = `
The bot's token: write /newbot to @BotFather in Telegram and answer its questions. Put it in an environment variable; Creel asks only for the variable's name.
`;
export const OTHER_ADDRESS = (chat: string, address: string) =>
  `${chat} is asked at ${address}, as the old file says; the new one says so, too.`;
export const VARIABLE = "Variable";
export const NOT_A_VARIABLE =
  "must be the name of a variable: capital letters, digits and _, such as CREEL_DISCORD_TOKEN";
export const TOKEN_TYPED = `That looks like a token, and it was not kept. Here, only the name of what holds it is needed.
If it is a real one, make a new one: it may still be seen in this window or in your shell's history.`;

export const APPLICATION_HOW =
  "\nThe link that adds the bot to your server needs its Application ID: Developer Portal → General Information.";
export const APPLICATION_ID = "Application ID";
export const COPY_ID = `
Discord shows ids after Settings → Advanced → Developer Mode: right-click on a server, person, role or channel → Copy ID.
`;
export const GUILD_HOW =
  "The server you name gets the commands at once. Without, every server the bot is in gets them within the hour.";
export const GUILDS = "Server id";
export const OWNERS_HOW = "\nOwners may do everything: you, and who else you name. Put commas between several.";
export const USERS = "User ids of owners";
export const ROLES_NEEDED = "Then name a role whose members are owners; without any owner nobody could give commands.";
export const ROLES = "Role ids of owners";
export const EVERYONE = "must not be the server's own id, which stands for everyone in it";
export const DISCORD_ALERTS_HOW =
  "\nA channel for what Creel finds by itself: a digest a day, and at once what needs a person.";
export const DISCORD_ALERTS = "Channel id";

export const TELEGRAM_ID = `
Your numeric id: write to @userinfobot, which answers with it. Your bot knows you once you have written to it, too.
`;
export const TELEGRAM_ALERTS_HOW =
  "\nA chat for what Creel finds by itself: a digest a day, and at once what needs a person. Your own id means your private chat; those of groups have a - in front.";
export const TELEGRAM_ALERTS = "Chat id";

export const DIGEST_AT = "\nTime of the daily digest";
export const TIME_ZONE = "Time zone";

export const MODEL_HOW = "\nShall agents have a model right away? Name it with its provider, such as openai/gpt-5.5.";
export const MODEL = "Model";
export const KEY_HOW =
  "\nWhere its key is: vault:NAME is in Creel's vault, where you put it afterwards; env:NAME is an environment variable.";
export const KEY = "Key";

export const SKIPS = "Enter skips";
export const OR_NONE = (fallback: string) => `${fallback}, or none`;
export const WRITE_IT = "Write it?";
export const KEPT = (backup: string) => `The old one is now ${backup}.`;
export const NOT_TAKEN_OVER = (settings: string) => `The new one does not have these settings of it: ${settings}.`;
export const WRITTEN = (file: string) => `\nWrote ${file}.`;
export const NOTHING_WRITTEN = "Nothing was written.";
export const THE_FILE = (file: string) => `\nThis is what goes into ${file}:\n`;

export const TRYING = "Trying the token …";
export const NOT_SET = (variable: string) =>
  `${variable} is not set now, so the token is not tried; creel doctor does that later.`;
export const WORKS = (name: string) => `It works: the bot is ${name}.`;
export const FAILED = (reason: string) => `It does not work: ${reason}`;
export const AGAIN = "Try another?";
export const INVITE = (link: string) =>
  `\nAdd the bot to your server with this link, which asks for no more than Creel needs:\n${link}`;
export const START_BOT = (username: string) =>
  `Open https://t.me/${username} and press Start, so that it may write to you.`;

export const REFUSED = (complaint: string) => `That does not fit: it ${complaint}.`;
export const NOT_AN_ID = "must be a number as the chat shows it, such as 123456789";
export const YES_OR_NO = "must be y or n";
export const NEEDED = "is needed";
export const INPUT_BROKE = (why: string | null) => `What you type cannot be read any more (${why ?? "it is closed"}).`;
export const MISSING = (question: string) => `The input ended before this was answered: ${question}`;

/** `unset`: variables to set first. `modelKey`: where the key of every agent's model is; null: it has none yet. */
export function nextSteps(unset: readonly string[], modelKey: SecretRef | null): string {
  const exports = unset.map((name) => `  export ${name}=…`);
  const first = exports.length === 0 ? [] : ["", "Set this first, with the secret in place of the dots:", ...exports];
  const inVault = modelKey?.startsWith("vault:") ? modelKey.slice("vault:".length) : null;
  return [
    ...first,
    ...(inVault === null
      ? []
      : ["", "Put the model's key into the vault, unless it is there:", `  scripts/creel secrets set ${inVault}`]),
    "",
    "Then check everything for real, and start:",
    "  scripts/creel doctor",
    "  npm start",
    "",
    "What to type there, for an agent that answers:",
    "  /deploy name:ada",
    ...(modelKey === null ? ["  /model agent:ada"] : []),
    "  /connect agent:ada channel:telegram",
    "  /ask agent:ada message:hello",
  ].join("\n");
}
