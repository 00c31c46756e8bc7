import type { Command } from "../../../commands/command.ts";
import type { ChannelMemory, Place } from "../../core/chat.ts";
import type { Desk } from "../../core/desk.ts";
import type { OpsError } from "../../core/errors.ts";
import type { Chat } from "../channel.ts";
import { createPresence } from "./absence.ts";
import type { AlertTarget } from "./alert-place.ts";
import type { Clock } from "./clock.ts";
import { createFollower, type OperationFeed } from "./follower.ts";
import { createChatHandler } from "./handler.ts";
import { createLateWords } from "./late-words.ts";
import { createOpenQuestions } from "./open-questions.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { createPresses } from "./presses.ts";

export interface ChatChannelParts {
  readonly chat: Chat;
  readonly desk: Desk;
  readonly commands: readonly Command[];
  readonly feed: OperationFeed;
  readonly memory: ChannelMemory;
  readonly clock: Clock;
  /** This chat's place for alerts; null: there is none. */
  readonly alerts: Place | null;
  /** Places for alerts in other chats, for what cannot be told in this one. */
  readonly elsewhere: () => readonly AlertTarget[];
  readonly onError: (error: OpsError) => void;
  /** The service refuses the bot after it had worked; null: it works again. */
  readonly onTrouble: (error: OpsError | null) => void;
}

/** One chat with everything that is common to chats. */
export interface ChatChannel {
  /** For what Creel says by itself, such as alerts. */
  readonly outbox: Outbox;
  /** People can use it once it resolves. @throws OpsError `chat-refused`, as `Chat.open` does. */
  open(): Promise<void>;
  /** Shows the latest of everything within 5 s, then disconnects. Idempotent as far as the chat is. Operations outlive it. */
  close(): Promise<void>;
}

const FLUSH_MS = 5_000;

export function createChatChannel(parts: ChatChannelParts): ChatChannel {
  const { chat, memory, clock } = parts;
  const presses = createPresses(memory);
  const outbox = createOutbox({ chat, presses, clock });
  const follower = createFollower({ ...parts, channel: chat.name, outbox });
  const presence = createPresence({ ...parts, channel: chat.name, outbox });
  const lateWords = createLateWords({ ...parts, outbox, absence: presence.latest });
  const questions = createOpenQuestions({ ...parts, channel: chat.name, outbox });
  const handler = createChatHandler({ ...parts, entry: chat.entry, presses, follower, lateWords, questions });
  return {
    outbox,
    async open() {
      await presence.begin();
      await chat.open(handler);
      follower.start();
      questions.start();
    },
    async close() {
      presence.close();
      questions.close();
      const flushed = new AbortController();
      const flush = follower.close().then(() => outbox.drained());
      await Promise.race([flush, clock.sleep(FLUSH_MS, flushed.signal)]);
      flushed.abort();
      outbox.stop();
      await chat.close();
    },
  };
}
