import { setTimeout as sleep } from "node:timers/promises";
import {
  Client,
  Events,
  GatewayDispatchEvents,
  GatewayIntentBits,
  Options,
  SimpleShardingStrategy,
  Status,
} from "discord.js";
import { z } from "zod";
import type { OpsError } from "../../core/errors.ts";
import type { Secret } from "../../core/secrets.ts";
import { restOptions } from "./api.ts";
import { fromCloseCode, toOpsError } from "./errors.ts";

const CLOSE_MS = 3_000;
const ready = z.object({ application: z.object({ id: z.string() }) });
const guild = z.object({ id: z.string() });
/** Parts of a server's description that the library would keep in memory and that Creel never looks at. */
const UNUSED = [
  "channels",
  "threads",
  "emojis",
  "stickers",
  "presences",
  "voice_states",
  "stage_instances",
  "guild_scheduled_events",
  "soundboard_sounds",
];

export interface SessionEvents {
  /** INTERACTION_CREATE, unread. */
  readonly interaction: (data: unknown) => void;
  /** The bot is in this server, now or since a moment ago. */
  readonly guild: (id: string) => void;
  /** Connected again after an interruption. */
  readonly resumed: () => void;
  /** Discord has closed the connection and will not take it back. */
  readonly refused: (error: OpsError) => void;
}

export interface Session {
  readonly applicationId: string;
  close(): Promise<void>;
}

/**
 * Connects to the gateway. The client reconnects and resumes by itself until it is closed or refused.
 * @throws OpsError `chat-refused`, or `chat-unavailable` when there is no connection yet; then nothing of it is left.
 */
export async function startSession(
  token: Secret,
  api: string,
  on: SessionEvents,
  signal: AbortSignal,
): Promise<Session> {
  let isOver = false;
  let refusal: OpsError | null = null;
  let isReady = false;
  /** Between the beginning of a connection and its first use or its end. */
  let handshake: PromiseWithResolvers<void> | null = null;
  const applicationId = Promise.withResolvers<string>();
  const client = new Client({
    intents: [GatewayIntentBits.Guilds],
    rest: restOptions(api),
    // Servers that are out of order must not hold up the others.
    waitGuildTimeout: 0,
    makeCache: Options.cacheWithLimits({
      MessageManager: 0,
      ThreadManager: 0,
      GuildMemberManager: 0,
      UserManager: 0,
      ThreadMemberManager: 0,
    }),
    ws: {
      buildStrategy(manager) {
        const { retrieveSessionInfo } = manager.options;
        // A shard that is destroyed while it connects, or waits to, connects again half a second later. It asks for its session
        // first, and one that is over gets no answer.
        manager.options.retrieveSessionInfo = (shard) => {
          if (isOver) return new Promise(() => undefined);
          if (client.ws.shards.get(shard)?.status === Status.Connecting) handshake ??= Promise.withResolvers();
          return retrieveSessionInfo(shard);
        };
        return new SimpleShardingStrategy(manager);
      },
    },
  });
  const settled = () => {
    handshake?.resolve();
    handshake = null;
  };
  const end = async () => {
    isOver = true;
    // A socket that is dropped in its handshake has nobody left to hear its error, which would end the process.
    const destroyed = Promise.resolve(handshake?.promise).then(() => client.destroy());
    await Promise.race([destroyed, sleep(CLOSE_MS, undefined, { ref: false })]);
  };

  // Dispatches are read as they come, before the library's caches, which would need all roles and channels to make objects of them.
  client.ws.on(GatewayDispatchEvents.Ready, (data: unknown) => {
    const known = ready.safeParse(data);
    if (known.success) applicationId.resolve(known.data.application.id);
    else applicationId.reject(known.error);
    isReady = true;
    settled();
  });
  client.ws.on(GatewayDispatchEvents.Resumed, () => {
    settled();
    on.resumed();
  });
  client.ws.on(GatewayDispatchEvents.InteractionCreate, (data: unknown) => {
    if (!isOver) on.interaction(data);
  });
  client.ws.on(GatewayDispatchEvents.GuildCreate, (data: unknown) => {
    forgetUnused(data);
    const known = guild.safeParse(data);
    if (known.success) on.guild(known.data.id);
  });
  client.on(Events.ShardReconnecting, settled);
  client.on(Events.ShardDisconnect, ({ code }) => {
    settled();
    refusal = fromCloseCode(code);
    if (isReady && !isOver) on.refused(refusal);
  });
  // Without a listener the library would throw; it goes on by itself.
  client.on(Events.Error, () => undefined);
  client.on(Events.ShardError, () => undefined);

  const stopped = Promise.withResolvers<never>();
  const stop = () => stopped.reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    await Promise.race([client.login(token.reveal()), stopped.promise]);
    return { applicationId: await applicationId.promise, close: end };
  } catch (error) {
    await end();
    throw refusal ?? toOpsError(error);
  } finally {
    signal.removeEventListener("abort", stop);
    stopped.promise.catch(() => undefined);
  }
}

function forgetUnused(data: unknown): void {
  if (typeof data !== "object" || data === null) return;
  for (const part of UNUSED) if (part in data) Object.assign(data, { [part]: [] });
}
