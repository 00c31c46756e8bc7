import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import { storeError } from "./connection.ts";

/** A Lua script: everything in it happens at once or, when Redis dies, not at all. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

function script(lua: string): Script {
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}

/** Runs a script by its hash, and sends its text only to a server that has not seen it. @throws OpsError `store-unavailable`. */
export async function runScript(
  redis: Redis,
  { sha, lua }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await redis.evalsha(sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw storeError(error);
  }
  try {
    return await redis.eval(lua, keys.length, ...keys, ...args);
  } catch (error) {
    throw storeError(error);
  }
}

const AUDIT = `
local function audit(key, event)
  if event ~= "" then redis.call("XADD", key, "MAXLEN", "~", 100000, "*", "event", event) end
end
`;

/** Ends the agent's turn and returns {next id, its lane}, or {}. */
const END = `
local function finish(operation, turns, open, id)
  redis.call("HSET", operation, "ended", 1)
  redis.call("ZREM", open, id)
  redis.call("LREM", turns, 0, id)
  local next = redis.call("LINDEX", turns, 0)
  return next and { next } or {}
end
`;

/**
 * KEYS operation, turns, open, index, agent's index, audit; for a chat also untold, request.
 * ARGV id, record, lane, requested at (ms), has agent (1 or 0), event, channel, how long the request is remembered (ms).
 * Returns the id of the operation that the request led to first. Repeating it changes nothing: a command whose answer was lost may be sent again.
 */
export const ENQUEUE = script(`${AUDIT}
if redis.call("EXISTS", KEYS[1]) == 1 then return ARGV[1] end
if KEYS[8] then
  local first = redis.call("GET", KEYS[8])
  if first then return first end
  redis.call("SET", KEYS[8], ARGV[1], "PX", ARGV[8])
  redis.call("ZADD", KEYS[7], ARGV[4], ARGV[1])
end
redis.call("HSET", KEYS[1], "record", ARGV[2], "lane", ARGV[3], "fence", 0)
redis.call("ZADD", KEYS[3], ARGV[4], ARGV[1])
redis.call("ZADD", KEYS[4], ARGV[4], ARGV[1])
if ARGV[5] == "1" then
  redis.call("RPUSH", KEYS[2], ARGV[1])
  redis.call("ZADD", KEYS[5], ARGV[4], ARGV[1])
end
audit(KEYS[6], ARGV[6])
redis.call("PUBLISH", ARGV[7], ARGV[1])
return ARGV[1]
`);

/**
 * KEYS operation, turns. ARGV id, prefix of operation keys. A head that has ended or is gone has lost its turn: it cannot block the agent.
 * Returns {"gone"}, {"ended"}, {"behind", head} or {"claimed", fence, record, cancel}.
 */
export const CLAIM = script(`
local record = redis.call("HGET", KEYS[1], "record")
if not record then return { "gone" } end
if redis.call("HEXISTS", KEYS[1], "ended") == 1 then return { "ended" } end
local head = redis.call("LINDEX", KEYS[2], 0)
while head and head ~= ARGV[1] do
  local other = ARGV[2] .. head
  if redis.call("HEXISTS", other, "record") == 1 and redis.call("HEXISTS", other, "ended") == 0 then break end
  redis.call("LPOP", KEYS[2])
  head = redis.call("LINDEX", KEYS[2], 0)
end
if head and head ~= ARGV[1] then return { "behind", head, record } end
local fence = redis.call("HINCRBY", KEYS[1], "fence", 1)
return { "claimed", fence, record, redis.call("HGET", KEYS[1], "cancel") or "" }
`);

/**
 * KEYS operation, turns, open, audit. ARGV id, fence, record, ended (1 or 0), started event, end event, channel.
 * Returns -1 when the fence is stale, else {cancel, next}. Saving the same end twice is success.
 */
export const SAVE = script(`${AUDIT}${END}
if redis.call("HGET", KEYS[1], "fence") ~= ARGV[2] then return -1 end
if redis.call("HEXISTS", KEYS[1], "ended") == 1 then
  if redis.call("HGET", KEYS[1], "record") == ARGV[3] then return { "" } end
  return -1
end
redis.call("HSET", KEYS[1], "record", ARGV[3])
if redis.call("HSETNX", KEYS[1], "started", 1) == 1 then audit(KEYS[4], ARGV[5]) end
local result = {}
if ARGV[4] == "1" then
  result = finish(KEYS[1], KEYS[2], KEYS[3], ARGV[1])
  audit(KEYS[4], ARGV[6])
end
redis.call("PUBLISH", ARGV[7], ARGV[1])
return { redis.call("HGET", KEYS[1], "cancel") or "", unpack(result) }
`);

/**
 * Changes an operation that nobody has claimed since it was read. KEYS operation, turns, open, audit.
 * ARGV id, fence, old record, new record, ended (1 or 0), end event, channel. Returns -1 when something has changed, else {next}.
 */
export const REPLACE_UNCLAIMED = script(`${AUDIT}${END}
if redis.call("HGET", KEYS[1], "fence") ~= ARGV[2] or redis.call("HGET", KEYS[1], "record") ~= ARGV[3]
  or redis.call("HEXISTS", KEYS[1], "ended") == 1 then return -1 end
redis.call("HSET", KEYS[1], "record", ARGV[4])
local result = {}
if ARGV[5] == "1" then
  result = finish(KEYS[1], KEYS[2], KEYS[3], ARGV[1])
  audit(KEYS[4], ARGV[6])
end
redis.call("PUBLISH", ARGV[7], ARGV[1])
return result
`);

/** KEYS operation. ARGV id, channel. Returns 1 when the operation will hear of it, 0 when it has ended, -1 when there is none. */
export const REQUEST_CANCEL = script(`
if redis.call("EXISTS", KEYS[1]) == 0 then return -1 end
if redis.call("HEXISTS", KEYS[1], "ended") == 1 then return 0 end
redis.call("HSET", KEYS[1], "cancel", 1)
redis.call("PUBLISH", ARGV[2], ARGV[1])
return 1
`);

/** KEYS index. ARGV how many to keep, key prefix. */
export const PRUNE = script(`
local excess = math.min(redis.call("ZCARD", KEYS[1]) - tonumber(ARGV[1]), 1000)
if excess <= 0 then return 0 end
for _, id in ipairs(redis.call("ZRANGE", KEYS[1], 0, excess - 1)) do
  local operation = ARGV[2] .. ":operation:" .. id
  if redis.call("HEXISTS", operation, "ended") == 1 then
    local agent = cjson.decode(redis.call("HGET", operation, "record")).agent
    if agent ~= cjson.null then redis.call("ZREM", ARGV[2] .. ":index:" .. agent, id) end
    redis.call("DEL", operation)
    redis.call("ZREM", KEYS[1], id)
  end
end
return 1
`);

/** KEYS counter. ARGV limit, window (ms). Returns 0, or the milliseconds until the window ends when the limit is used up. */
export const TAKE = script(`
local count = redis.call("INCR", KEYS[1])
if count == 1 then redis.call("PEXPIRE", KEYS[1], ARGV[2]) end
if count <= tonumber(ARGV[1]) then return 0 end
return math.max(1, redis.call("PTTL", KEYS[1]))
`);
