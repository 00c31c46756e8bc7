import type { Command } from "../../../commands/command.ts";
import type { Skip } from "../skipped.ts";
import { type Client, grammySignal } from "./client.ts";
import { registerMenu } from "./command-menu.ts";
import type { Health } from "./health.ts";
import { pause } from "./pause.ts";
import { retryMs, startPolling } from "./polling.ts";
import { ALLOWED_UPDATES, type Update } from "./update.ts";
import { checkWebhookSecret, startWebhook, type WebhookSettings } from "./webhook.ts";

interface ConnectionParts {
  readonly client: Client;
  readonly health: Health;
  readonly webhook?: WebhookSettings;
  readonly commands: readonly Command[];
  readonly onError: (error: unknown) => void;
  readonly skip: Skip;
  readonly now: () => number;
}

/** Resolves when the update is dealt with; never throws. `botName` is this bot's, without "@". */
type Handle = (update: Update, botName: string) => Promise<void>;

/** The way updates come in. */
export function createConnection({ client, health, webhook, commands, onError, skip, now }: ConnectionParts) {
  const closing = new AbortController();
  let source: { close(): Promise<void> } | null = null;

  /** Everything up to the first update, or throws. */
  async function connect(handle: Handle): Promise<void> {
    const { username } = await client.api.getMe(grammySignal(closing.signal));
    await registerMenu(client.api, commands).catch((error: unknown) => {
      const known = client.ops(error);
      // Without the menu commands can still be typed.
      if (known.code !== "internal") throw error;
      onError(known);
    });
    if (webhook === undefined) await poll((update) => handle(update, username));
    else await listen(webhook, (update) => handle(update, username));
  }

  async function poll(handle: (update: Update) => Promise<void>): Promise<void> {
    // Kept updates are what people asked while Creel was away.
    await client.api.deleteWebhook({ drop_pending_updates: false });
    if (!closing.signal.aborted) source = startPolling({ client, health, handle, onError, skip, now });
  }

  async function listen(settings: WebhookSettings, handle: (update: Update) => Promise<void>): Promise<void> {
    // Asked before anything can be delivered: with an address that Telegram knows from before, that begins at once.
    const { pending_update_count: count } = await client.api.getWebhookInfo(grammySignal(closing.signal));
    const hasWaited = amongFirst(count);
    source ??= await startWebhook(settings, (update) => handle({ ...update, waited: hasWaited(update) }));
    await client.api.setWebhook(settings.url, {
      secret_token: settings.secret.reveal(),
      allowed_updates: ALLOWED_UPDATES,
      drop_pending_updates: false,
    });
  }

  /** True when it is of no use to try again, because there is a connection or none is wanted any more. */
  async function tryToConnect(handle: Handle, failures: number): Promise<boolean> {
    try {
      await connect(handle);
      return true;
    } catch (error) {
      const known = client.ops(error);
      if (closing.signal.aborted) return true;
      if (known.code !== "chat-unavailable") throw known;
      if (failures === 0) onError(known);
      await pause(retryMs(known, failures + 1), now, closing.signal);
      return false;
    }
  }

  return {
    /** Tries until Telegram can be reached or `close` is called. @throws OpsError `chat-refused`, `config-invalid`, `address-in-use`. */
    async open(handle: Handle): Promise<void> {
      if (webhook !== undefined) checkWebhookSecret(webhook);
      let open = false;
      try {
        for (let failures = 0; !closing.signal.aborted && !open; failures += 1) {
          open = await tryToConnect(handle, failures);
        }
      } finally {
        if (!open || closing.signal.aborted) await source?.close();
      }
    },
    async close(): Promise<void> {
      closing.abort();
      await source?.close();
    },
  };
}

/**
 * Whether an update is one of the first `count`, by its number and by when it came in: chats are delivered side by side, and numbers are not always
 * one after the other. In doubt it is, because being asked again does no harm.
 */
export function amongFirst(count: number): (update: Pick<Update, "id">) => boolean {
  const first = new Set<number>();
  let lowest = Number.POSITIVE_INFINITY;
  return ({ id }) => {
    lowest = Math.min(lowest, id);
    if (first.size < count) first.add(id);
    return first.has(id) || id < lowest + count;
  };
}
