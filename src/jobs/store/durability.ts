import type { Redis } from "ioredis";
import { OpsError } from "../../core/errors.ts";
import { storeError } from "./connection.ts";

/**
 * Refuses a Redis that may forget acknowledged commands: one that evicts keys or does not write an append-only file.
 * Returns warnings, one sentence each, about what is allowed but weaker than the embedded one.
 * @throws OpsError `store-unavailable`; retry "never" when it is a matter of configuration.
 */
export async function verifyDurable(redis: Redis): Promise<string[]> {
  const memory = await info(redis, "memory");
  const persistence = await info(redis, "persistence");
  if (memory.get("maxmemory_policy") !== "noeviction") {
    throw unfit(
      `Redis may evict keys (maxmemory-policy is ${memory.get("maxmemory_policy") ?? "unknown"}).`,
      "Set maxmemory-policy noeviction in its configuration.",
    );
  }
  if (persistence.get("aof_enabled") !== "1") {
    throw unfit(
      "Redis keeps nothing across a restart (appendonly is off).",
      "Set appendonly yes in its configuration.",
    );
  }
  const fsync = await appendFsync(redis);
  if (fsync === "always") return [];
  return [
    `Redis has appendfsync ${fsync ?? "that Creel may not read"}: a power failure can lose acknowledged commands of the last second; "always" does not.`,
  ];
}

async function info(redis: Redis, section: string): Promise<Map<string, string>> {
  const text = await redis.info(section).catch((error: unknown) => {
    throw storeError(error);
  });
  const lines = text.split("\r\n").filter((line) => line.includes(":"));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]));
}

/** null when the ACL does not allow CONFIG, as with most hosted ones. */
async function appendFsync(redis: Redis): Promise<string | null> {
  try {
    const reply: unknown = await redis.config("GET", "appendfsync");
    return Array.isArray(reply) && typeof reply[1] === "string" ? reply[1] : null;
  } catch (error) {
    if (redis.status === "ready") return null;
    throw storeError(error);
  }
}

function unfit(userMessage: string, hint: string): OpsError {
  return new OpsError({ code: "store-unavailable", userMessage, hint, retry: "never" });
}
