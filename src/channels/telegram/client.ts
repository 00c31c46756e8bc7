import { Api } from "grammy";
import type { OpsError } from "../../core/errors.ts";
import type { Secret } from "../../core/secrets.ts";
import { understood } from "./answers.ts";
import { toOpsError } from "./errors.ts";
import type { Health } from "./health.ts";
import { createSkew } from "./skew.ts";
import { type About, createTurns } from "./turns.ts";

/** How long a call may take. Reading updates is meant to wait, for as long as `POLL_SECONDS`. */
const CALL_SECONDS = 20;
export const POLL_SECONDS = 30;

/** What the adapter needs to reach the Bot API; one per bot. */
export interface Client {
  readonly api: Api;
  /** Waits longer for its answers. */
  readonly polling: Api;
  /**
   * Makes a call about a chat (null: about none), after those before it, and tells how the bot's token does. While Telegram wants to be left
   * alone with that kind of calls about that chat, it is not called at all. @throws the raw error; pass it to `ops` before it leaves the adapter.
   */
  call<T>(about: About | null, make: (api: Api) => Promise<T>): Promise<T>;
  ops(error: unknown): OpsError;
  /**
   * How far this machine's clock is ahead of Telegram's. They are compared the first time, and again when this one was set or the machine
   * slept since. Never throws: while they cannot be compared, what was so before counts, or none.
   */
  skewMs(): Promise<number>;
}

export interface ClientOptions {
  readonly token: Secret;
  readonly apiRoot: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Milliseconds since some moment, which nobody sets. */
  readonly elapsed?: () => number;
}

export function createClient(options: ClientOptions, health: Health): Client {
  const token = options.token.reveal();
  const create = (timeoutSeconds: number): Api => {
    const made = new Api(token, { apiRoot: options.apiRoot, timeoutSeconds });
    made.config.use(understood);
    return made;
  };
  const api = create(CALL_SECONDS);
  const ops = (error: unknown): OpsError => toOpsError(error, token);
  const now = options.now ?? Date.now;
  const turns = createTurns(options.elapsed ?? (() => performance.now()), ops);
  const compareClocks = async (): Promise<number | null> => {
    try {
      // grammY keeps the headers of answers to itself.
      const signal = AbortSignal.timeout(CALL_SECONDS * 1000);
      const { headers } = await fetch(`${options.apiRoot}/bot${token}/getMe`, { signal });
      const theirsMs = Date.parse(headers.get("date") ?? "");
      return Number.isFinite(theirsMs) ? now() - theirsMs : null;
    } catch {
      // The address holds the token, so nothing of this error is passed on.
      return null;
    }
  };
  const skewMs = createSkew(compareClocks, now);
  return {
    api,
    polling: create(POLL_SECONDS + CALL_SECONDS),
    ops,
    skewMs,
    async call(about, make) {
      try {
        const result = await (about === null ? make(api) : turns.inTurn(about, () => make(api)));
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
