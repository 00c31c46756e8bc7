import { Client, MessageFlags } from "discord.js";
import { Bot } from "grammy";

// What the libraries themselves take: answers everything at once with one word. bare-bots.script.ts <api> <token> <apiRoot> <token>
const [api, discordToken, apiRoot, telegramToken] = process.argv.slice(2);
if (!api || !discordToken || !apiRoot || !telegramToken) throw new Error("needs four arguments");

const client = new Client({ intents: [], rest: { api } });
client.on("interactionCreate", (interaction) => {
  if (interaction.isChatInputCommand()) void interaction.reply({ content: "Yes.", flags: MessageFlags.Ephemeral });
});
const ready = new Promise((resolve) => client.once("clientReady", resolve));
await client.login(discordToken);
await ready;

const bot = new Bot(telegramToken, { client: { apiRoot } });
bot.on("message", (context) => {
  // Not waited for: the next message shall not wait for this answer.
  void context.reply("Yes.");
});
void bot.start({ onStart: () => console.log("ready") });
process.on("SIGTERM", () => {
  void client.destroy();
  void bot.stop();
});
