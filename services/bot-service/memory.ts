import type { AgentChannel, Bot } from "../../src/core/agent-settings.ts";
import { botIdIn } from "../../src/core/bot-token.ts";
import { OpsError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secrets.ts";
import type { BotServices } from "./bot-service.ts";

export interface MemoryBotServices extends BotServices {
  /** A new bot with a token for it, which is good until `revoke`. `id`: digits, 15 or more of them at Discord. */
  add(channel: AgentChannel, bot: Bot): Secret;
  revoke(token: Secret): void;
  /** Nothing is answered until `up`. */
  down(): void;
  up(): void;
}

export function createMemoryBotServices(): MemoryBotServices {
  const bots = new Map<string, Bot>();
  let isDown = false;
  return {
    async whose(channel, _settings, token) {
      if (botIdIn(channel, token) === null) throw refused("That is no token of a bot.");
      if (isDown) throw unavailable();
      const bot = bots.get(token.reveal());
      if (bot === undefined) throw refused("The service does not take this token.");
      return bot;
    },
    add(channel, bot) {
      const number = String(bots.size).padStart(2, "0");
      const key = `canary-of-a-token-${"k".repeat(15)}${number}`;
      const text = channel === "telegram" ? `${bot.id}:${key}` : `${btoa(bot.id)}.aaaaaa.${key}`;
      bots.set(text, bot);
      return new Secret(text);
    },
    revoke: (token) => void bots.delete(token.reveal()),
    down() {
      isDown = true;
    },
    up() {
      isDown = false;
    },
  };
}

function refused(userMessage: string): OpsError {
  return new OpsError({ code: "chat-refused", userMessage, hint: "Make a new one." });
}

function unavailable(): OpsError {
  const userMessage = "The service does not answer.";
  return new OpsError({ code: "chat-unavailable", userMessage, hint: "Try again later.", retry: "later" });
}
