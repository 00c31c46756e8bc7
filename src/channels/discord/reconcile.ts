import type { Command } from "../../../commands/command.ts";
import { asOpsError, OpsError } from "../../core/errors.ts";
import type { DiscordApi } from "./api.ts";
import { register } from "./registration.ts";

export interface ReconcilerParts {
  readonly api: DiscordApi;
  /** Ids of the servers that get the commands; none: all servers. */
  readonly guilds: readonly string[];
  readonly commands: readonly Command[];
  /** Hears of a server the bot may not offer commands in, and of anything else that does not pass. */
  readonly onError: (error: OpsError) => void;
  /** Resolves later, early when `signal` aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Between two attempts where nothing else is asked for. */
  readonly againMs: number;
}

/** Keeps the commands that Discord knows what they should be: each exactly once in a server, and nothing left from earlier settings. */
export interface Reconciler {
  /** What the settings name, and all servers together. Waits out a Discord that is busy or away. @throws OpsError */
  begin(applicationId: string, signal: AbortSignal): Promise<void>;
  /** The bot is in this server, perhaps newly. What was known of it no longer counts. Never throws. */
  joined(guild: string): void;
  /** It is not any more: commands go with it. */
  left(guild: string): void;
}

export function createReconciler({ api, guilds, commands, onError, pause, againMs }: ReconcilerParts): Reconciler {
  const waiting = new Set<string>();
  let current: { readonly applicationId: string; readonly signal: AbortSignal } | null = null;
  let isWorking = false;

  /** Calls again for as long as Discord is busy or away. */
  async function patiently(signal: AbortSignal, call: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        const mayPass = error instanceof OpsError && error.code === "chat-unavailable";
        if (!mayPass || signal.aborted) throw error;
        await pause(Math.max(againMs, error.retryAfterMs ?? 0), signal);
      }
    }
  }

  async function reconcile(applicationId: string, guild: string, signal: AbortSignal): Promise<void> {
    const wanted = guilds.includes(guild) ? commands : [];
    try {
      await patiently(signal, () => register(api, applicationId, guild, wanted));
    } catch (error) {
      if (!(error instanceof OpsError) || error.code !== "chat-forbidden") throw error;
      // Where nothing is wanted, what cannot be seen is not in anybody's way.
      if (wanted.length > 0) onError(notInGuild(guild, error));
    }
  }

  /** The servers that have joined, one after the other: a bot may be in hundreds. */
  async function work(): Promise<void> {
    for (const guild of waiting) {
      if (current === null || current.signal.aborted) return;
      waiting.delete(guild);
      const { applicationId, signal } = current;
      await reconcile(applicationId, guild, signal).catch((error: unknown) => {
        if (!signal.aborted) onError(asOpsError(error));
      });
    }
  }
  const goOn = () => {
    if (isWorking || current === null || current.signal.aborted || waiting.size === 0) return;
    isWorking = true;
    void work().finally(() => {
      isWorking = false;
      goOn();
    });
  };

  return {
    async begin(applicationId, signal) {
      for (const guild of guilds) {
        waiting.delete(guild);
        await reconcile(applicationId, guild, signal);
      }
      const everywhere = guilds.length === 0 ? commands : [];
      await patiently(signal, () => register(api, applicationId, null, everywhere));
      current = { applicationId, signal };
      goOn();
    },
    joined(guild) {
      waiting.add(guild);
      goOn();
    },
    left(guild) {
      waiting.delete(guild);
    },
  };
}

function notInGuild(guild: string, cause: OpsError): OpsError {
  return new OpsError({
    code: "chat-forbidden",
    userMessage: `The bot is not in the Discord server ${guild}, or was invited without application commands.`,
    hint: "Open the invite link that `creel init` prints; the commands appear there by themselves.",
    cause,
  });
}
