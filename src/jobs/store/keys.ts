import type { Redis } from "ioredis";
import type { ChatName } from "../../core/chat.ts";
import type { AgentName, OperationId } from "../../core/names.ts";
import { orStoreError } from "./connection.ts";

/** Every name Creel uses in Redis. BullMQ's own keys are `creel:lane:<lane>:…`. */
export const PREFIX = "creel";
export const LANE_PREFIX = `${PREFIX}:lane`;

/** For scripts that find an operation's id inside Redis. */
export const OPERATION_PREFIX = `${PREFIX}:operation:`;

export const keys = {
  /** Hash: record (JSON), lane, fence; cancel, started and ended when that has happened. */
  operation: (id: OperationId) => `${OPERATION_PREFIX}${id}`,
  /** List of an agent's operations that have not ended, in the order they were asked for; the head has its turn. */
  turns: (agent: AgentName | null) => `${PREFIX}:turns:${agent ?? ""}`,
  /** Sorted sets of operation ids by the time they were asked for: those that have not ended, all, an agent's. */
  open: `${PREFIX}:open`,
  index: `${PREFIX}:index`,
  agentIndex: (agent: AgentName | null) => `${PREFIX}:index:${agent ?? ""}`,
  /** Set of all lanes that operations have waited on. */
  lanes: `${PREFIX}:lanes`,
  /** Hash of workers that run (JSON: lanes, beat) by their names. */
  workers: `${PREFIX}:workers`,
  /** Hash: holder, beat, fence. */
  lease: (name: string) => `${PREFIX}:lease:${name}`,
  /** Hash of what watchers found that is not as it should be (JSON) by key. */
  concerns: `${PREFIX}:concerns`,
  /** Hash of what they saw at their latest look (JSON) by provider. */
  sights: `${PREFIX}:sights`,
  /** Hash with the digest of the latest day (JSON) in one field. */
  digest: `${PREFIX}:digest`,
  /** Channel that carries the key of one of those three when it has changed. */
  watched: `${PREFIX}:watched`,
  /** Sorted set of operations asked for in a chat whose outcome has not been told there, by the time they were asked for. */
  untold: (channel: ChatName) => `${PREFIX}:untold:${channel}`,
  /** The operation that a request led to, for a day. */
  request: (channel: ChatName, key: string) => `${PREFIX}:request:${channel}:${key}`,
  /** What channels keep (JSON), with an expiry each. */
  memory: (key: string) => `${PREFIX}:memory:${key}`,
  /** How often somebody did something in the current window. */
  rate: (key: string) => `${PREFIX}:rate:${key}`,
  /** Stream of audit events (JSON in the field `event`). */
  audit: `${PREFIX}:audit`,
  /** Hash of agents (JSON) by name. */
  agents: `${PREFIX}:agents`,
  /** Channel that carries the id of every operation that has changed. */
  changed: `${PREFIX}:changed`,
  /** Channel that carries the id of every running operation that shall stop. */
  cancel: `${PREFIX}:cancel`,
} as const;

/** All keys that match a pattern of Redis'. */
export async function scanKeys(redis: Redis, pattern: string): Promise<string[]> {
  const found = new Set<string>();
  let cursor = "0";
  do {
    const [next, some] = await orStoreError(redis.scan(cursor, "MATCH", pattern, "COUNT", 1000));
    for (const key of some) found.add(key);
    cursor = next;
  } while (cursor !== "0");
  return [...found];
}
