import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "../../../commands/command.ts";
import { asOpsError, OpsError } from "../../core/errors.ts";
import type { Secret } from "../../core/secrets.ts";
import type { Skip } from "../skipped.ts";
import type { DiscordApi } from "./api.ts";
import { createReconciler } from "./reconcile.ts";
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
  readonly skip: Skip;
}

/** The connection over which people's doings arrive, kept up until `close`. */
export interface Link {
  /** Resolves once commands are registered and arrive. @throws OpsError `chat-refused`, or `cancelled` when it is closed before. */
  open(): Promise<void>;
  close(): Promise<void>;
}

export function createLink(options: LinkOptions): Link {
  const closing = new AbortController();
  const pause = async (ms: number) => {
    await sleep(ms, undefined, { signal: closing.signal }).catch(() => undefined);
  };
  const reconciler = createReconciler({ ...options, againMs: options.pauses.firstMs, pause });
  let session: Session | null = null;
  let keeping: Promise<void> | null = null;

  /** One connection from its beginning to its end. @returns why it ended */
  const connected = async (onOpen: () => void): Promise<OpsError> => {
    const { token, apiRoot, skip, onInteraction, onVerdict } = options;
    const end = Promise.withResolvers<OpsError>();
    const over = new AbortController();
    const { signal } = closing;
    const stop = () => end.resolve(closed());
    signal.addEventListener("abort", stop, { once: true });
    const on = {
      interaction: onInteraction,
      joined: reconciler.joined,
      left: reconciler.left,
      resumed: () => onVerdict(null),
      ended: end.resolve,
    };
    try {
      session = await startSession({ token, api: apiRoot, on, skip }, signal);
      // The connection is kept meanwhile: Discord grants few new ones a day.
      const registering = AbortSignal.any([signal, over.signal]);
      const registered = reconciler.begin(session.applicationId, registering).then(() => null);
      const early = await Promise.race([registered, end.promise]);
      if (early !== null) return early;
      onOpen();
      return await end.promise;
    } catch (error) {
      return asOpsError(error);
    } finally {
      signal.removeEventListener("abort", stop);
      over.abort();
      await session?.close();
      session = null;
    }
  };

  const keep = async (opened: PromiseWithResolvers<void>): Promise<void> => {
    const { pauses, onVerdict, onError } = options;
    let pauseMs = pauses.firstMs;
    let wasOpen = false;
    while (!closing.signal.aborted) {
      const error = await connected(() => {
        pauseMs = pauses.firstMs;
        wasOpen = true;
        onVerdict(null);
        opened.resolve();
      });
      if (closing.signal.aborted) break;
      if (error.code === "chat-refused") {
        if (!wasOpen) {
          opened.reject(error);
          return;
        }
        onVerdict(error);
        await pause(pauses.refusedMs);
      } else {
        // Once per interruption is enough for a log.
        if (pauseMs === pauses.firstMs) onError(error);
        await pause(Math.max(pauseMs, error.retryAfterMs ?? 0));
        pauseMs = Math.min(pauseMs * 2, pauses.longestMs);
      }
    }
    opened.reject(closed());
  };

  return {
    async open() {
      const opened = Promise.withResolvers<void>();
      keeping = keep(opened);
      await opened.promise;
    },
    async close() {
      closing.abort(closed());
      await session?.close();
      await keeping;
    },
  };
}

function closed(): OpsError {
  return new OpsError({ code: "cancelled", userMessage: "The connection to Discord was closed." });
}
