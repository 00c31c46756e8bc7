import { Routes } from "discord.js";
import type { ChatMessage, Posted } from "../channel.ts";
import type { DiscordApi } from "./api.ts";
import { CODE, discordCode } from "./errors.ts";
import type { InteractionRef } from "./interaction.ts";
import { payloadOf } from "./payload.ts";

/** Source: Discord API, "Receiving and Responding": 15 minutes, less what the way takes. */
export const TOKEN_MS = 15 * 60_000 - 10_000;

/** What Discord says about a token, or an answer behind it, that is no more. */
export const OVER: ReadonlySet<number | null> = new Set([
  CODE.expiredToken,
  CODE.unknownWebhook,
  CODE.unknownInteraction,
  CODE.unknownMessage,
]);

/**
 * Messages with buttons that only one person sees. They can be changed by the token they were made with and not by their channel, so this
 * process knows its own for as long as their tokens live.
 */
export interface Whispers {
  add(id: string, ref: InteractionRef): void;
  /** null: not one of them. */
  edit(posted: Posted, message: ChatMessage): Promise<"done" | "gone" | null>;
}

export function createWhispers(api: DiscordApi, elapsed: () => number): Whispers {
  const known = new Map<string, { readonly ref: InteractionRef; readonly untilMs: number }>();
  return {
    add(id, ref) {
      for (const [other, { untilMs }] of known) if (untilMs < elapsed()) known.delete(other);
      known.set(id, { ref, untilMs: elapsed() + TOKEN_MS });
    },
    async edit({ id }, message) {
      const found = known.get(id);
      if (found === undefined) return null;
      const { applicationId, token } = found.ref;
      try {
        const route = Routes.webhookMessage(applicationId, token, id);
        await api.request({ method: "PATCH", route, ...payloadOf(message), auth: false });
        return "done";
      } catch (error) {
        if (!OVER.has(discordCode(error))) throw error;
        known.delete(id);
        return "gone";
      }
    },
  };
}
