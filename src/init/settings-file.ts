import { Document, Scalar, YAMLMap, YAMLSeq } from "yaml";
import type { DiscordAnswers, InitAnswers, TelegramAnswers } from "./answers.ts";

const HEAD = ` Settings of Creel. creel.example.yaml documents all there are; creel doctor checks them.
 A secret is never written here: env:NAME stands for what is in that environment variable,
 vault:NAME for what has that name in Creel's vault.`;

const OPERATORS = ` May do whatever needs no confirmation: deploy, restart, look, cancel; but not destroy.
 operators:
   discord: { users: [], roles: ["197038439483310086"] }`;
const DISCORD = ` Commands in Discord, too. The bot's token is in that variable; owners need: discord: { users: ["<your id>"] }
 discord:
   token: env:CREEL_DISCORD_TOKEN`;
const TELEGRAM = ` Commands in Telegram, too. The bot's token is in that variable; owners need: telegram: ["<your id>"]
 telegram:
   token: env:CREEL_TELEGRAM_TOKEN`;
const ALERTS = ` Where Creel tells what it found by itself.
 alerts:
   discord: "175928847299117063"
   digest: "09:00"
   timeZone: UTC`;
const AGENTS = ` What agents are set up with; without a model they cannot answer.
 agents:
   defaults:
     model: openai/gpt-5.5
     providers: { openai: { key: vault:openai } }`;

/** The text of `creel.yaml`: it parses to exactly these answers, and every setting has a comment. */
export function settingsFile({ terminal, discord, telegram, digest, agents }: InitAnswers): string {
  const top = new YAMLMap();
  const owners = section(top, "owners", " Who may do everything. Everybody else is refused.");
  set(owners, "terminal", list(terminal), " users of this machine");
  if (discord !== null) addDiscordOwners(owners, discord);
  if (telegram !== null) set(owners, "telegram", list(telegram.users), " numeric ids of people");
  if (discord !== null) addDiscord(section(top, "discord", " The bot in Discord."), discord);
  if (telegram !== null) addTelegram(section(top, "telegram", " The bot in Telegram."), telegram);
  if (digest !== null) {
    const alerts = section(top, "alerts", " Where Creel tells what it found by itself.");
    if (discord?.alerts != null) set(alerts, "discord", text(discord.alerts), " id of a channel");
    if (telegram?.alerts != null) set(alerts, "telegram", text(telegram.alerts), " id of a person's chat or a group");
    set(alerts, "digest", text(digest.at), " when the daily digest comes");
    set(alerts, "timeZone", text(digest.timeZone), " where that time is meant");
  }
  if (agents !== null) addAgents(section(top, "agents", " What agents are set up with."), agents);
  const file = new Document(top);
  file.commentBefore = HEAD;
  const examples = [
    OPERATORS,
    discord === null && DISCORD,
    telegram === null && TELEGRAM,
    digest === null && ALERTS,
    agents === null && AGENTS,
  ];
  file.comment = examples.filter((example) => example !== false).join("\n\n");
  return file.toString({ lineWidth: 0 });
}

function addDiscordOwners(owners: YAMLMap, { users, roles }: DiscordAnswers): void {
  const people = new YAMLMap();
  if (users.length > 0) set(people, "users", list(users), " ids of people");
  if (roles.length > 0) set(people, "roles", list(roles), " ids of roles");
  set(owners, "discord", people);
}

function addDiscord(settings: YAMLMap, { variable, api, guilds }: DiscordAnswers): void {
  set(settings, "token", plain(`env:${variable}`), " the variable that holds the token");
  if (api !== null) set(settings, "api", text(api), " another server than Discord's own");
  if (guilds.length > 0) set(settings, "guilds", list(guilds), " servers that get the commands at once");
}

function addTelegram(settings: YAMLMap, { variable, apiRoot }: TelegramAnswers): void {
  set(settings, "token", plain(`env:${variable}`), " the variable that holds the token");
  if (apiRoot !== null) set(settings, "apiRoot", text(apiRoot), " another server than Telegram's own");
}

function addAgents(settings: YAMLMap, agents: NonNullable<InitAnswers["agents"]>): void {
  const document = new Document();
  for (const [name, layer] of Object.entries(agents)) {
    if (Object.keys(layer).length === 0) continue;
    settings.set(name, document.createNode(layer, { aliasDuplicateObjects: false }));
  }
}

function section(top: YAMLMap, name: string, comment: string): YAMLMap {
  const settings = new YAMLMap();
  const key = new Scalar(name);
  key.commentBefore = comment;
  key.spaceBefore = top.items.length > 0;
  top.set(key, settings);
  return settings;
}

function set(settings: YAMLMap, name: string, value: Scalar | YAMLSeq | YAMLMap, comment: string | null = null): void {
  if (comment !== null) value.comment = comment;
  settings.set(name, value);
}

function plain(value: string): Scalar {
  return new Scalar(value);
}

/** In quotes: ids are longer than YAML's numbers, and 09:00 is one to some readers. */
function text(value: string): Scalar {
  const scalar = new Scalar(value);
  scalar.type = Scalar.QUOTE_DOUBLE;
  return scalar;
}

function list(values: readonly string[]): YAMLSeq {
  const items = new YAMLSeq();
  items.items = values.map(text);
  items.flow = true;
  return items;
}
