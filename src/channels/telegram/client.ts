import { Api } from "grammy";
import type { OpsError } from "../../core/errors.ts";
import type { Secret } from "../../core/secrets.ts";
import { toOpsError } from "./errors.ts";
import type { Health } from "./health.ts";
import { createTurns } from "./turns.ts";

/** How long a call may take. Reading updates is meant to wait, for as long as `POLL_SECONDS`. */
const CALL_SECONDS = 20;
export const POLL_SECONDS = 30;

/** What the adapter needs to reach the Bot API; one per bot. */
export interface Client {
  readonly api: Api;
  /** Waits longer for its answers. */
  readonly polling: Api;
  /**
   * Makes a call about `chat` (null: about none), after those before it, and tells how the bot's token does. While Telegram wants to be left
   * alone about that chat, it is not called at all. @throws the raw error; pass it to `ops` before it leaves the adapter.
   */
  call<T>(chat: string | null, make: (api: Api) => Promise<T>): Promise<T>;
  ops(error: unknown): OpsError;
}

export interface ClientOptions {
  readonly token: Secret;
  readonly apiRoot: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

export function createClient(options: ClientOptions, health: Health): Client {
  const token = options.token.reveal();
  const create = (timeoutSeconds: number): Api => new Api(token, { apiRoot: options.apiRoot, timeoutSeconds });
  const api = create(CALL_SECONDS);
  const ops = (error: unknown): OpsError => toOpsError(error, token);
  const turns = createTurns(options.now ?? Date.now, ops);
  return {
    api,
    polling: create(POLL_SECONDS + CALL_SECONDS),
    ops,
    async call(chat, make) {
      try {
        const result = await (chat === null ? make(api) : turns.inTurn(chat, () => make(api)));
        health.works("token");
        return result;
      } catch (error) {
        const known = ops(error);
        if (known.code === "chat-refused") health.refused("token", known);
        throw error;
      }
    },
  };
}

type GrammySignal = NonNullable<Parameters<Api["getMe"]>[0]>;

/** grammY's types name the signal of an old package; it only listens for "abort", as the platform's own signals send it. */
export function grammySignal(signal: AbortSignal): GrammySignal {
  return signal as unknown as GrammySignal;
}
