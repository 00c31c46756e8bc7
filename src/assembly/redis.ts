import { type Config, readSettingFile } from "../config.ts";
import type { OpsError } from "../core/errors.ts";
import { startEmbeddedRedis } from "../jobs/redis-process/embedded-redis.ts";
import { guardStateFolder } from "../jobs/redis-process/instance-guard.ts";
import type { RedisAddress } from "../jobs/store/connection.ts";
import { requireTrusted, trustedUsers } from "../trust.ts";
import type { Tools } from "./tools.ts";

/** Where the local provider keeps its hosts: never empty in a state folder whose Redis had nothing to remember. */
const HOSTS = "hosts";

/**
 * The Redis of the settings, or one of our own, which `stack` stops again. `onFatal` hears that ours cannot go on. When ours has lost all it
 * had, it only begins anew when `mayBeginAnew`.
 */
export async function redisAddress(
  { settings, stateDir, environment }: Config,
  { resolve, log }: Pick<Tools, "resolve" | "log">,
  onFatal: (error: OpsError) => void,
  stack: AsyncDisposableStack,
  mayBeginAnew = false,
): Promise<RedisAddress> {
  if (settings.redis !== undefined) {
    if (settings.redis.ca !== undefined) requireTrusted(settings.redis.ca, trustedUsers(environment));
    return await sharedRedis(settings.redis, resolve);
  }
  const guard = await guardStateFolder(stateDir);
  stack.defer(() => guard.release());
  const onRestart = (error: OpsError) => log.error(error);
  const redis = await startEmbeddedRedis({ stateDir, livedIn: [HOSTS], mayBeginAnew, onRestart, onFatal });
  stack.defer(() => redis.stop());
  return { socketPath: redis.socketPath };
}

async function sharedRedis(
  { url, password, ca }: NonNullable<Config["settings"]["redis"]>,
  resolve: Tools["resolve"],
): Promise<RedisAddress> {
  const address = new URL(url);
  const username = decodeURIComponent(address.username);
  // With a name in the address, ioredis would take the password from there too, which is empty.
  address.username = "";
  return {
    url: address.href,
    ...(username === "" ? {} : { username }),
    ...(password === undefined ? {} : { password: await resolve(password) }),
    ...(ca === undefined ? {} : { ca: readSettingFile("redis.ca", ca) }),
  };
}
