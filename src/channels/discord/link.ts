import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "../../../commands/command.ts";
import { asOpsError, OpsError } from "../../core/errors.ts";
import type { Secret } from "../../core/secrets.ts";
import type { DiscordApi } from "./api.ts";
import { register } from "./registration.ts";
import { type Session, startSession } from "./session.ts";

/** Milliseconds between attempts. A refusal may pass too: an intent is switched on, or Discord was mistaken. */
export interface Pauses {
  readonly firstMs: number;
  readonly longestMs: number;
  readonly refusedMs: number;
}
export const PAUSES: Pauses = { firstMs: 1_000, longestMs: 30_000, refusedMs: 5 * 60_000 };

export interface LinkOptions {
  readonly token: Secret;
  readonly api: DiscordApi;
  readonly apiRoot: string;
  /** Empty: commands are registered for all servers. */
  readonly guilds: readonly string[];
  readonly commands: readonly Command[];
  readonly pauses: Pauses;
  readonly onInteraction: (data: unknown) => void;
  /** The gateway refuses the bot although it had accepted it before, or null: it accepts it again. */
  readonly onVerdict: (refused: OpsError | null) => void;
  readonly onError: (error: unknown) => void;
}

/** The connection over which people's doings arrive, kept up until `close`. */
export class Link {
  readonly #options: LinkOptions;
  readonly #closing = new AbortController();
  /** Servers that have not taken the commands, because the bot is not there yet. */
  readonly #unregistered = new Set<string>();
  #session: Session | null = null;
  #keeping: Promise<void> | null = null;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Resolves once commands are registered and arrive. @throws OpsError `chat-refused`, or `cancelled` when it is closed before. */
  async open(): Promise<void> {
    const opened = Promise.withResolvers<void>();
    this.#keeping = this.#keep(opened);
    await opened.promise;
  }

  async close(): Promise<void> {
    this.#closing.abort(closed());
    await this.#session?.close();
    await this.#keeping;
  }

  async #keep(opened: PromiseWithResolvers<void>): Promise<void> {
    const { pauses, onVerdict } = this.#options;
    let pauseMs = pauses.firstMs;
    let wasOpen = false;
    while (!this.#closing.signal.aborted) {
      const error = await this.#connected(() => {
        pauseMs = pauses.firstMs;
        wasOpen = true;
        onVerdict(null);
        opened.resolve();
      });
      if (this.#closing.signal.aborted) break;
      if (error.code === "chat-refused") {
        if (!wasOpen) {
          opened.reject(error);
          return;
        }
        onVerdict(error);
        await this.#pause(pauses.refusedMs);
      } else {
        // Once per interruption is enough for a log.
        if (pauseMs === pauses.firstMs) this.#options.onError(error);
        await this.#pause(Math.max(pauseMs, error.retryAfterMs ?? 0));
        pauseMs = Math.min(pauseMs * 2, pauses.longestMs);
      }
    }
    opened.reject(closed());
  }

  /** One connection from its beginning to its end. @returns why it ended */
  async #connected(onOpen: () => void): Promise<OpsError> {
    const { token, apiRoot, onInteraction, onVerdict } = this.#options;
    const end = Promise.withResolvers<OpsError>();
    const { signal } = this.#closing;
    const stop = () => end.resolve(closed());
    signal.addEventListener("abort", stop, { once: true });
    try {
      this.#session = await startSession(
        token,
        apiRoot,
        {
          interaction: onInteraction,
          guild: (id) => this.#arrived(id),
          resumed: () => onVerdict(null),
          refused: end.resolve,
        },
        signal,
      );
      const registered = this.#registerUntilDone(this.#session.applicationId).then(() => null);
      const early = await Promise.race([registered, end.promise]);
      if (early !== null) return early;
      onOpen();
      return await end.promise;
    } catch (error) {
      return asOpsError(error);
    } finally {
      signal.removeEventListener("abort", stop);
      await this.#session?.close();
      this.#session = null;
    }
  }

  /** Keeps the connection meanwhile: Discord grants few new ones a day. */
  async #registerUntilDone(applicationId: string): Promise<void> {
    const { firstMs } = this.#options.pauses;
    for (;;) {
      try {
        await this.#register(applicationId);
        return;
      } catch (error) {
        const mayPass = error instanceof OpsError && error.code === "chat-unavailable";
        if (!mayPass || this.#session?.applicationId !== applicationId || this.#closing.signal.aborted) throw error;
        await this.#pause(Math.max(firstMs, error.retryAfterMs ?? 0));
      }
    }
  }

  async #register(applicationId: string): Promise<void> {
    const { api, guilds, commands } = this.#options;
    if (guilds.length === 0) {
      await register(api, applicationId, null, commands);
      return;
    }
    for (const guild of guilds) await this.#registerIn(applicationId, guild);
    // Commands of an earlier configuration would be offered twice.
    await register(api, applicationId, null, []);
  }

  async #registerIn(applicationId: string, guild: string): Promise<void> {
    const { api, commands, onError } = this.#options;
    try {
      this.#unregistered.delete(guild);
      await register(api, applicationId, guild, commands);
    } catch (error) {
      if (!(error instanceof OpsError) || error.code !== "chat-forbidden") throw error;
      this.#unregistered.add(guild);
      onError(notInGuild(guild, error));
    }
  }

  #arrived(guild: string): void {
    const applicationId = this.#session?.applicationId;
    if (applicationId === undefined || !this.#unregistered.has(guild)) return;
    this.#registerIn(applicationId, guild).catch((error: unknown) => {
      this.#unregistered.add(guild);
      this.#options.onError(error);
    });
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }
}

function closed(): OpsError {
  return new OpsError({ code: "cancelled", userMessage: "The connection to Discord was closed." });
}

function notInGuild(guild: string, cause: OpsError): OpsError {
  return new OpsError({
    code: "chat-forbidden",
    userMessage: `The bot is not in the Discord server ${guild}, or was invited without application commands.`,
    hint: "Open the invite link that `creel init` prints; the commands appear there by themselves.",
    cause,
  });
}
