import { setTimeout as sleep } from "node:timers/promises";
import {
  type SessionInfo,
  SimpleIdentifyThrottler,
  WebSocketManager,
  type WebSocketManagerOptions,
  WebSocketShardEvents,
} from "@discordjs/ws";
import { GatewayCloseCodes, GatewayDispatchEvents, GatewayIntentBits, REST } from "discord.js";
import { z } from "zod";
import type { OpsError } from "../../core/errors.ts";
import type { Secret } from "../../core/secrets.ts";
import type { Skip } from "../skipped.ts";
import { readAnswer, restOptions } from "./api.ts";
import { fromCloseCode, toOpsError } from "./errors.ts";
import { GuardedStrategy } from "./shard.ts";
import { SNOWFLAKE } from "./snowflake.ts";

const CLOSE_MS = 3_000;
const ready = z.object({ application: z.object({ id: z.string().regex(SNOWFLAKE) }) });
const guild = z.object({ id: z.string().regex(SNOWFLAKE), unavailable: z.boolean().catch(false) });
/** What the library takes from `/gateway/bot` without looking. */
const gatewayInformation = z.object({
  url: z.url({ protocol: /^wss?$/ }),
  session_start_limit: z.object({ remaining: z.number(), reset_after: z.number() }),
});
/** After these the library gives up. Source: Discord API, "Gateway Close Event Codes". */
const FINAL: ReadonlySet<number> = new Set([
  GatewayCloseCodes.AuthenticationFailed,
  GatewayCloseCodes.InvalidShard,
  GatewayCloseCodes.ShardingRequired,
  GatewayCloseCodes.InvalidAPIVersion,
  GatewayCloseCodes.InvalidIntents,
  GatewayCloseCodes.DisallowedIntents,
]);

interface SessionEvents {
  /** INTERACTION_CREATE, unread. */
  readonly interaction: (data: unknown) => void;
  /** The bot is in this server, now or since a moment ago. */
  readonly joined: (guildId: string) => void;
  /** The bot is not in this server any more. */
  readonly left: (guildId: string) => void;
  /** Connected again after an interruption. */
  readonly resumed: () => void;
  /** The connection is over: Discord will not take it back, or it cannot go on. */
  readonly ended: (error: OpsError) => void;
}

export interface Session {
  readonly applicationId: string;
  close(): Promise<void>;
}

interface SessionParts {
  readonly token: Secret;
  readonly api: string;
  readonly on: SessionEvents;
  readonly skip: Skip;
}

/**
 * Connects to the gateway. The library reconnects and resumes by itself until it is closed or the session has ended. discord.js' own
 * client is not used: it makes objects of everything that arrives, for caches that Creel does not need, and throws where something is
 * missing.
 * @throws OpsError `chat-refused`, or `chat-unavailable` when there is no connection yet; then nothing of it is left.
 */
export async function startSession({ token, api, on, skip }: SessionParts, signal: AbortSignal): Promise<Session> {
  let isOver = false;
  let isReady = false;
  let refusal: OpsError | null = null;
  let resumable: SessionInfo | null = null;
  /** Between the beginning of a connection and its first use or its end. */
  let handshake: PromiseWithResolvers<void> | null = null;
  const applicationId = Promise.withResolvers<string>();
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => undefined);
  const rest = new REST(restOptions(api)).setToken(token.reveal());
  let strategy: GuardedStrategy | null = null;
  const options: Partial<WebSocketManagerOptions> = {
    shardCount: 1,
    updateSessionInfo(_shard, info) {
      resumable = info;
    },
    // A connection that is destroyed while it is made, or waits to be, is made again half a second later. It asks for its session
    // first, and one that is over gets no answer.
    retrieveSessionInfo() {
      if (isOver) return new Promise(() => undefined);
      if (strategy?.isIdle) handshake ??= Promise.withResolvers();
      return resumable;
    },
    buildIdentifyThrottler: async () => new SimpleIdentifyThrottler(1),
    buildStrategy(manager) {
      strategy = new GuardedStrategy(manager, {
        skip,
        onBroken(error) {
          broken.reject(error);
          if (isReady && !isOver) on.ended(toOpsError(error));
        },
      });
      return strategy;
    },
  };
  const manager = new WebSocketManager({ token: token.reveal(), intents: GatewayIntentBits.Guilds, rest, ...options });

  const settled = () => {
    handshake?.resolve();
    handshake = null;
  };
  let ending: Promise<void> | null = null;
  const end = () => {
    // Of two ends at a time the library would leave one waiting.
    ending ??= hangUp();
    return ending;
  };
  const hangUp = async () => {
    isOver = true;
    // A socket that is dropped in its handshake has nobody left to hear its error, which would end the process.
    const destroyed = Promise.resolve(handshake?.promise)
      .then(() => manager.destroy())
      .catch(() => undefined);
    await Promise.race([destroyed, sleep(CLOSE_MS, undefined, { ref: false })]);
    rest.clearHashSweeper();
    rest.clearHandlerSweeper();
  };

  manager.on(WebSocketShardEvents.Ready, ({ data }) => {
    const known = ready.parse(data);
    applicationId.resolve(known.application.id);
    isReady = true;
    settled();
  });
  manager.on(WebSocketShardEvents.Resumed, () => {
    settled();
    on.resumed();
  });
  manager.on(WebSocketShardEvents.Dispatch, ({ data }) => {
    if (isOver) return;
    if (data.t === GatewayDispatchEvents.InteractionCreate) on.interaction(data.d);
    const known = guild.safeParse(data.d);
    if (!known.success || known.data.unavailable) return;
    if (data.t === GatewayDispatchEvents.GuildCreate) on.joined(known.data.id);
    if (data.t === GatewayDispatchEvents.GuildDelete) on.left(known.data.id);
  });
  manager.on(WebSocketShardEvents.Closed, ({ code }) => {
    settled();
    if (!FINAL.has(code)) return;
    refusal = fromCloseCode(code);
    if (isReady && !isOver) on.ended(refusal);
  });
  // Without a listener the library would throw; it goes on by itself.
  manager.on(WebSocketShardEvents.Error, () => undefined);

  const stopped = Promise.withResolvers<never>();
  const stop = () => stopped.reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  const connect = async () => {
    readAnswer(gatewayInformation, await manager.fetchGatewayInformation());
    await manager.connect();
  };
  try {
    await Promise.race([connect(), stopped.promise, broken.promise]);
    return { applicationId: await applicationId.promise, close: end };
  } catch (error) {
    await end();
    throw refusal ?? toOpsError(error);
  } finally {
    signal.removeEventListener("abort", stop);
    stopped.promise.catch(() => undefined);
  }
}
