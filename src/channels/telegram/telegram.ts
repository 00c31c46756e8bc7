import type { Command } from "../../../commands/command.ts";
import type { Place } from "../../core/chat.ts";
import type { Secret } from "../../core/secrets.ts";
import type { Chat, ChatHandler, Pace } from "../channel.ts";
import { createSkip } from "../skipped.ts";
import { createAllowance } from "./allowance.ts";
import { createClient } from "./client.ts";
import { createConnection } from "./connection.ts";
import { dispatch } from "./dispatch.ts";
import { createHealth } from "./health.ts";
import { createMigrations } from "./migrations.ts";
import { isGroup } from "./people.ts";
import { createPosts } from "./posts.ts";
import type { WebhookSettings } from "./webhook.ts";

export interface TelegramOptions {
  readonly token: Secret;
  /** Such as "https://api.telegram.org", without a slash at its end. */
  readonly apiRoot: string;
  /** Absent: Creel asks for updates, and needs no address that Telegram can reach. */
  readonly webhook?: WebhookSettings;
  readonly commands: readonly Command[];
  /** What nobody can be told in the chat. Never holds the token. */
  readonly onError: (error: unknown) => void;
  readonly now: () => number;
  /** Milliseconds since some moment, which nobody sets. */
  readonly elapsed: () => number;
}

/** core.telegram.org/bots/faq, "My bot is hitting limits". */
const PRIVATE_PACE: Pace = { gapMs: 1_000, perMinute: 60 };
const GROUP_PACE: Pace = { gapMs: 1_000, perMinute: 20 };

/** Telegram by the Bot API. */
export function createTelegramChat(options: TelegramOptions): Chat {
  let handler: ChatHandler | null = null;
  const health = createHealth((error) => handler?.trouble(error));
  const client = createClient(options, health);
  const migrations = createMigrations();
  const posts = createPosts(client, migrations);
  const skip = createSkip("Telegram", options.onError);
  const connection = createConnection({ ...options, client, health, skip });

  return {
    name: "telegram",
    entry: "message",
    open(people) {
      handler = people;
      const { commands, onError, now } = options;
      const { skewMs } = client;
      const strangers = createAllowance(options.elapsed);
      const parts = { client, posts, strangers, handler: people, commands, migrations, onError, now, skewMs };
      return connection.open(async (update, botName) => {
        if (update.unreadable === true) return skip("a message or a press");
        return await dispatch({ ...parts, botName }, update);
      });
    },
    close: () => connection.close(),
    pace: (place: Place) => (isGroup(place) ? GROUP_PACE : PRIVATE_PACE),
    post: (place, message, { notify, replyTo, aloud }) =>
      posts.send(place, message, { notify, replyTo, silent: notify === null && aloud !== true }),
    edit: (posted, message) => posts.edit(posted, message),
    remove: (posted) => posts.remove(posted),
    // Topics exist only in groups that have them switched on, and a bot may open one only as an administrator.
    thread: async () => null,
  };
}
