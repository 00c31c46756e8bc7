import { type Config, readSettingFile } from "../config.ts";
import type { OpsError } from "../core/errors.ts";
import type { RedisAddress } from "../jobs/connection.ts";
import { startEmbeddedRedis } from "../jobs/embedded-redis.ts";
import { guardStateFolder } from "../jobs/instance-guard.ts";
import type { Tools } from "./tools.ts";

/** The Redis of the settings, or one of our own, which `stack` stops again. `onFatal` hears that ours cannot go on. */
export async function redisAddress(
  { settings, stateDir }: Config,
  { resolve, log }: Pick<Tools, "resolve" | "log">,
  onFatal: (error: OpsError) => void,
  stack: AsyncDisposableStack,
): Promise<RedisAddress> {
  if (settings.redis !== undefined) return await sharedRedis(settings.redis, resolve);
  const guard = await guardStateFolder(stateDir);
  stack.defer(() => guard.release());
  const onRestart = (error: OpsError) => log.error(error);
  const redis = await startEmbeddedRedis({ stateDir, onRestart, onFatal });
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
