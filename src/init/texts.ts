/** Everything `creel init` says. */
export const WELCOME = `This writes creel.yaml, step by step. Enter takes what is in brackets; Ctrl-C leaves everything as it was.
`;
export const TERMINAL_OWNER = "Who may give commands in the terminal (names of users on this machine)";
export const NOT_A_USER = "must be names of users, with commas between them";

export const WANT_DISCORD = "\nDo you want to give commands in Discord?";
export const DISCORD_HOW = `
The bot's token: https://discord.com/developers/applications → New Application → Bot → Reset Token.
Keep it in an environment variable. Creel only wants to know the variable's name, never the token.
`;
export const WANT_TELEGRAM = "\nDo you want to give commands in Telegram?";
export const TELEGRAM_HOW = `
The bot's token: write /newbot to @BotFather in Telegram and answer its questions.
Keep it in an environment variable. Creel only wants to know the variable's name, never the token.
`;
export const VARIABLE = "Name of the variable that holds the token";
export const NOT_A_VARIABLE =
  "must be the name of a variable: capital letters, digits and _, such as CREEL_DISCORD_TOKEN";
export const TOKEN_TYPED = `That looks like a token, and it was not kept. Here, only the name of the variable that holds it is needed.
If it is a real one, make a new one: it may still be seen in this window or in your shell's history.`;

export const APPLICATION_ID =
  "Application ID, for the link that adds the bot to your server (Developer Portal → General Information)";
export const COPY_ID = `
Discord shows ids after Settings → Advanced → Developer Mode: right-click on a server, person, role or channel → Copy ID.
`;
export const GUILD =
  "Id of your server (none: every server the bot is in, where commands take up to an hour to appear)";
export const DISCORD_USERS = "Your user id, and those of other owners";
export const DISCORD_ROLES = "Ids of roles whose members are owners, too";
export const DISCORD_ROLES_NEEDED = "Ids of roles whose members are owners (nobody could give commands without)";
export const EVERYONE = "must not be the server's own id, which stands for everyone in it";
export const DISCORD_ALERTS = "Id of the channel for what Creel finds by itself";

export const TELEGRAM_ID = `
Your numeric id: write to @userinfobot, which answers with it. Your bot knows you once you have written to it, too.
`;
export const TELEGRAM_USERS = "Your numeric id, and those of other owners";
export const TELEGRAM_ALERTS =
  "Id of the chat for what Creel finds by itself (groups have a - in front; yours is your private chat)";

export const DIGEST_AT = "\nTime of the daily digest";
export const TIME_ZONE = "Time zone";

export const WRITE_IT = (file: string) => `Write this to ${file}?`;
export const REPLACE_IT = (file: string) => `There is ${file} already. Replace it, and keep the old one beside it?`;
export const KEPT = (backup: string) => `The old one is now ${backup}.`;
export const WRITTEN = (file: string) => `\nWrote ${file}.`;
export const NOTHING_WRITTEN = "Nothing was written.";
export const THE_FILE = "\nThis is the file:\n";

export const TRYING = "Trying the token …";
export const NOT_SET = (variable: string) =>
  `${variable} is not set now, so the token cannot be tried yet; creel doctor does it later.`;
export const WORKS = (name: string) => `It works: the bot is ${name}.`;
export const FAILED = (reason: string) => `It does not work: ${reason}`;
export const AGAIN = "Try again (no: go on without)?";
export const INVITE = (link: string) =>
  `\nAdd the bot to your server with this link, which asks for no more than Creel needs:\n${link}`;
export const START_BOT = (username: string) =>
  `Open https://t.me/${username} and press Start, so that it may write to you.`;

export const REFUSED = (complaint: string) => `That does not fit: it ${complaint}.`;
export const NOT_AN_ID = "must be a number as the chat shows it, such as 123456789";
export const YES_OR_NO = "must be y or n";
export const NEEDED = "is needed";
export const MISSING = (question: string) => `The input ended before this was answered: ${question}`;

/** `unset`: variables to set first. */
export function nextSteps(unset: readonly string[]): string {
  const exports = unset.map((name) => `  export ${name}=…`);
  const first =
    exports.length === 0 ? [] : ["Set what is not set yet, with the token in place of the dots:", ...exports, ""];
  return [...first, "Then:", "  creel doctor   checks everything for real", "  npm start      starts Creel", ""].join(
    "\n",
  );
}
