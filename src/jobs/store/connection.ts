import { Redis, type RedisOptions } from "ioredis";
import { OpsError } from "../../core/errors.ts";
import type { Secret } from "../../core/secrets.ts";

/** Where Redis is. A `url` is `redis://` or `rediss://`, with neither user name nor password in it. */
export type RedisAddress =
  | { readonly socketPath: string }
  | {
      readonly url: string;
      /** Of the ACL. */
      readonly username?: string;
      readonly password?: Secret;
      /** PEM; for `rediss://` with a certificate that the system's authorities did not sign. */
      readonly ca?: string;
    };

/**
 * commands: for people, who rather hear at once that the store is away. worker: waits for the store, for as long as it takes.
 * subscriber: like worker, and can do nothing but listen.
 */
export type ConnectionRole = "commands" | "worker" | "subscriber";

const COMMAND_TIMEOUT_MS = 5000;
const RECONNECT_MAX_MS = 1000;

const ROLE_OPTIONS: Readonly<Record<ConnectionRole, RedisOptions>> = {
  commands: { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: COMMAND_TIMEOUT_MS },
  worker: { maxRetriesPerRequest: null },
  subscriber: { maxRetriesPerRequest: null },
};

/** Starts to connect, and reconnects for ever. Errors of the connection itself go to `onError`; those of a command to its caller. */
export function connect(address: RedisAddress, role: ConnectionRole, onError: (error: unknown) => void): Redis {
  const options: RedisOptions & { replyMapping: "legacy" } = {
    ...ROLE_OPTIONS[role],
    replyMapping: "legacy",
    connectionName: `creel-${role}`,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), RECONNECT_MAX_MS),
  };
  const redis =
    "socketPath" in address
      ? new Redis({ ...options, path: address.socketPath })
      : new Redis(address.url, { ...options, ...credentials(address) });
  redis.on("error", onError);
  return redis;
}

/** Resolves as soon as commands are accepted. @throws OpsError `store-unavailable` with the last reason after `limitMs`; at once when waiting does not help. */
export async function untilReady(redis: Redis, limitMs: number): Promise<void> {
  if (redis.status === "ready") return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let last: unknown = null;
  const remember = (error: unknown) => {
    last = error;
    if (storeError(error).retry === "never") reject(storeError(error));
  };
  const timer = setTimeout(() => reject(storeError(last ?? new Error("no answer"))), limitMs);
  redis.on("error", remember);
  redis.once("ready", resolve);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    redis.off("error", remember);
    redis.off("ready", resolve);
  }
}

// Redis starts its error replies with a word for programs. These mean that waiting does not help.
const REFUSALS = new Set(["NOAUTH", "WRONGPASS", "NOPERM"]);

/** Every way in which Redis can fail a command, as what it means to people. */
export function storeError(error: unknown): OpsError {
  if (error instanceof OpsError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (text.startsWith("WRONGTYPE")) {
    return new OpsError({
      code: "internal",
      userMessage: "Redis holds something else where Creel keeps its records.",
      hint: "creel doctor names the key.",
      evidence: [text],
      cause: error,
    });
  }
  const refused = REFUSALS.has(text.split(" ", 1)[0] ?? "");
  return new OpsError({
    code: "store-unavailable",
    userMessage: refused ? `Redis refuses Creel's credentials: ${text}` : "Creel's store (Redis) does not answer.",
    hint: refused
      ? "Check the user name in redis.url and redis.password in creel.yaml and the ACL of that user."
      : "Nothing was lost. Try again in a moment; if it stays away, look at its log.",
    retry: refused ? "never" : "later",
    evidence: [text],
    cause: error,
  });
}

/** The reply, or the same failure as an OpsError. */
export async function orStoreError<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (error) {
    throw storeError(error);
  }
}

function credentials(
  address: Exclude<RedisAddress, { readonly socketPath: string }>,
): Pick<RedisOptions, "username" | "password" | "tls"> {
  return {
    ...(address.ca === undefined ? {} : { tls: { ca: address.ca } }),
    ...(address.username === undefined ? {} : { username: address.username }),
    ...(address.password === undefined ? {} : { password: address.password.reveal() }),
  };
}
