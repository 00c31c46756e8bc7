import { Routes } from "discord.js";
import { z } from "zod";
import { OpsError } from "../../core/errors.ts";
import type { Chat } from "../channel.ts";
import { cleanLine, cut } from "../shape/plain-text.ts";
import { type DiscordApi, readAnswer } from "./api.ts";
import { CODE, discordCode } from "./errors.ts";

const made = z.object({ id: z.string() });
/** Shows as inactive after this many minutes without a message. */
const AUTO_ARCHIVE_MINUTES = 60;
const REMEMBERED_MS = 60 * 60_000;
const MAX_NAME = 100;
/** Too many threads in this server. */
const TOO_MANY_THREADS = new Set([30_033, 160_006]);

export interface Threads extends Pick<Chat, "thread"> {
  /** From now on for an hour, nothing is tried in this channel: it is a thread itself, or the bot may not. */
  none(channel: string): void;
}

/** Threads below messages. */
export function createThreads(api: DiscordApi, elapsed: () => number): Threads {
  const noneUntilMs = new Map<string, number>();

  function none(channel: string): void {
    for (const [known, untilMs] of noneUntilMs) if (untilMs <= elapsed()) noneUntilMs.delete(known);
    noneUntilMs.set(channel, elapsed() + REMEMBERED_MS);
  }

  return {
    none,
    async thread({ place, id }, title) {
      if (elapsed() < (noneUntilMs.get(place.chat) ?? 0)) return null;
      try {
        const body = { name: cut(cleanLine(title), MAX_NAME) || "–", auto_archive_duration: AUTO_ARCHIVE_MINUTES };
        const answer = await api.request({ method: "POST", route: Routes.threads(place.chat, id), body });
        const thread = readAnswer(made, answer).id;
        none(thread);
        return { ...place, chat: thread };
      } catch (error) {
        const code = discordCode(error) ?? 0;
        // A thread has the id of the message it was made from.
        if (code === CODE.threadExists) return { ...place, chat: id };
        if (code === CODE.unknownMessage) return null;
        const isForbidden = error instanceof OpsError && error.code === "chat-forbidden";
        if (!isForbidden && !TOO_MANY_THREADS.has(code)) throw error;
        none(place.chat);
        return null;
      }
    },
  };
}
