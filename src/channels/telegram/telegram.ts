import type { Command } from "../../../commands/command.ts";
import type { Place } from "../../core/chat.ts";
import type { Secret } from "../../core/secrets.ts";
import type { Chat, ChatHandler, Pace } from "../channel.ts";
import { createClient, grammySignal } from "./client.ts";
import { registerMenu } from "./command-menu.ts";
import { dispatch } from "./dispatch.ts";
import { createHealth } from "./health.ts";
import { createMigrations } from "./migrations.ts";
import { pause } from "./pause.ts";
import { isGroup } from "./people.ts";
import { retryMs, startPolling } from "./polling.ts";
import { createPosts } from "./posts.ts";
import { ALLOWED_UPDATES, type Update } from "./update.ts";
import { checkWebhookSecret, startWebhook, type WebhookSettings } from "./webhook.ts";

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
}

/** core.telegram.org/bots/faq, "My bot is hitting limits". */
const PRIVATE_PACE: Pace = { gapMs: 1_000, perMinute: 60 };
const GROUP_PACE: Pace = { gapMs: 1_000, perMinute: 20 };

/** Telegram by the Bot API. */
export function createTelegramChat(options: TelegramOptions): Chat {
  const { commands, onError, now, webhook } = options;
  let handler: ChatHandler | null = null;
  const health = createHealth((error) => handler?.trouble(error));
  const client = createClient(options, health);
  const migrations = createMigrations();
  const posts = createPosts(client, migrations);
  const closing = new AbortController();
  let source: { close(): Promise<void> } | null = null;

  /** Everything up to the first update, or throws. */
  async function connect(people: ChatHandler): Promise<void> {
    const { username: botName } = await client.api.getMe(grammySignal(closing.signal));
    await registerMenu(client.api, commands).catch((error: unknown) => {
      const known = client.ops(error);
      // Without the menu commands can still be typed.
      if (known.code !== "internal") throw error;
      onError(known);
    });
    const parts = { client, posts, botName, handler: people, commands, migrations, onError };
    const handle = (update: Update): Promise<void> => dispatch(parts, update);
    handler = people;
    if (webhook === undefined) {
      // Kept updates are what people asked while Creel was away.
      await client.api.deleteWebhook({ drop_pending_updates: false });
      if (!closing.signal.aborted) source = startPolling({ client, health, handle, onError, now });
      return;
    }
    source ??= await startWebhook(webhook, handle);
    await client.api.setWebhook(webhook.url, {
      secret_token: webhook.secret.reveal(),
      allowed_updates: ALLOWED_UPDATES,
      drop_pending_updates: false,
    });
  }

  return {
    name: "telegram",
    async open(people) {
      if (webhook !== undefined) checkWebhookSecret(webhook);
      for (let failures = 0; !closing.signal.aborted; ) {
        try {
          return await connect(people);
        } catch (error) {
          if (closing.signal.aborted) return;
          const known = client.ops(error);
          if (known.code !== "chat-unavailable") {
            await source?.close();
            throw known;
          }
          failures += 1;
          if (failures === 1) onError(known);
          await pause(retryMs(known, failures), now, closing.signal);
        }
      }
    },
    async close() {
      closing.abort();
      await source?.close();
    },
    pace: (place: Place) => (isGroup(place) ? GROUP_PACE : PRIVATE_PACE),
    post: (place, message, { notify, replyTo, aloud }) =>
      posts.send(place, message, { notify, replyTo, silent: notify === null && aloud !== true }),
    edit: (posted, message) => posts.edit(posted, message),
    remove: (posted) => posts.remove(posted),
    // Topics exist only in groups that have them switched on, and a bot may open one only as an administrator.
    thread: async () => null,
  };
}
