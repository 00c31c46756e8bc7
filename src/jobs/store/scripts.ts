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

/** What cannot be written down there, because the key holds something else, must not stop the operation. */
const AUDIT = `
local function audit(key, event)
  if event ~= "" then redis.pcall("XADD", key, "MAXLEN", "~", 100000, "*", "event", event) end
end
`;

/** Whether a newer Creel has written a record: records begin with their format. */
const NEWER = `
local function newer(text, format)
  local of = text and string.match(text, '^{"format":(%d+)')
  return of and tonumber(of) > tonumber(format)
end
`;

/** A script changes nothing when one of its keys holds something else; otherwise it would stop half-way. */
const EXPECT = `
local function expect(types)
  for i, wanted in ipairs(types) do
    local found = KEYS[i] and redis.call("TYPE", KEYS[i]).ok
    if wanted ~= "any" and found and found ~= "none" and found ~= wanted then
      return redis.error_reply("WRONGTYPE " .. KEYS[i] .. " is a " .. found .. " and should be a " .. wanted)
    end
  end
end
`;

/** Ends the agent's turn and returns {next id}, or {} when nobody waits. */
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
 * KEYS operation, turns, open, index, agent's index, audit, lanes; for a chat also untold, request.
 * ARGV id, record, lane, requested at (ms), has agent (1 or 0), event, channel, how long the request is remembered (ms).
 * Returns the id of the operation that the request led to first. Repeating it changes nothing: a command whose answer was lost may be sent again.
 */
export const ENQUEUE = script(`${AUDIT}${EXPECT}
local problem = expect({ "hash", "list", "zset", "zset", "zset", "any", "set", "zset", "string" })
if problem then return problem end
-- In the order in which they were asked for, also after the clock was set back.
local last = redis.call("ZREVRANGE", KEYS[4], 0, 0, "WITHSCORES")[2]
local order = math.max(tonumber(ARGV[4]), last and tonumber(last) + 1 or 0)
if redis.call("EXISTS", KEYS[1]) == 1 then return ARGV[1] end
if KEYS[9] then
  local first = redis.call("GET", KEYS[9])
  if first then return first end
  redis.call("SET", KEYS[9], ARGV[1], "PX", ARGV[8])
  redis.call("ZADD", KEYS[8], order, ARGV[1])
end
redis.call("SADD", KEYS[7], ARGV[3])
redis.call("HSET", KEYS[1], "record", ARGV[2], "lane", ARGV[3], "fence", 0)
redis.call("ZADD", KEYS[3], order, ARGV[1])
redis.call("ZADD", KEYS[4], order, ARGV[1])
if ARGV[5] == "1" then
  redis.call("RPUSH", KEYS[2], ARGV[1])
  redis.call("ZADD", KEYS[5], order, ARGV[1])
end
audit(KEYS[6], ARGV[6])
redis.call("PUBLISH", ARGV[7], ARGV[1])
return ARGV[1]
`);

/** KEYS operation, lanes. ARGV lane it is on, lane it goes to. Returns 0 when it has ended or is not on that lane. */
export const MOVE = script(`${EXPECT}
local problem = expect({ "hash", "set" })
if problem then return problem end
if redis.call("HGET", KEYS[1], "lane") ~= ARGV[1] or redis.call("HEXISTS", KEYS[1], "ended") == 1 then return 0 end
redis.call("SADD", KEYS[2], ARGV[2])
redis.call("HSET", KEYS[1], "lane", ARGV[2])
return 1
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
  local isOpen = redis.pcall("HEXISTS", other, "record") == 1 and redis.call("HEXISTS", other, "ended") == 0
  if isOpen then break end
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

/**
 * Opens an operation that has ended, as the last in its agent's line; whoever had it before can write no more. KEYS operation, turns, open, audit,
 * then untold of every chat, the one in which it has to be told first. ARGV id, old record, new record, takes turns (1 or 0), event, order, channel,
 * is told in a chat (1 or 0). Returns 0 when it has changed since it was read.
 */
export const REOPEN = script(`${AUDIT}
if redis.call("HGET", KEYS[1], "record") ~= ARGV[2] or redis.call("HDEL", KEYS[1], "ended") == 0 then return 0 end
redis.call("HSET", KEYS[1], "record", ARGV[3])
redis.call("HINCRBY", KEYS[1], "fence", 1)
redis.call("ZADD", KEYS[3], ARGV[6], ARGV[1])
if ARGV[4] == "1" then redis.call("RPUSH", KEYS[2], ARGV[1]) end
for i = 5, #KEYS do redis.call("ZREM", KEYS[i], ARGV[1]) end
if ARGV[8] == "1" then redis.call("ZADD", KEYS[5], ARGV[6], ARGV[1]) end
audit(KEYS[4], ARGV[5])
redis.call("PUBLISH", ARGV[7], ARGV[1])
return 1
`);

/** KEYS untold, operation. ARGV id, when it ended (ms), or empty when that does not matter. Nothing when it has gone on since. */
export const TOLD = script(`
local record = redis.pcall("HGET", KEYS[2], "record")
local isRead, read = pcall(cjson.decode, record)
if ARGV[2] ~= "" and isRead and type(read) == "table" and read.endedAtMs ~= tonumber(ARGV[2]) then return 0 end
return redis.call("ZREM", KEYS[1], ARGV[1])
`);

/** KEYS operation. ARGV id, channel. Returns 1 when the operation will hear of it, 0 when it has ended, -1 when there is none. */
export const REQUEST_CANCEL = script(`
if redis.call("EXISTS", KEYS[1]) == 0 then return -1 end
if redis.call("HEXISTS", KEYS[1], "ended") == 1 then return 0 end
redis.call("HSET", KEYS[1], "cancel", 1)
redis.call("PUBLISH", ARGV[2], ARGV[1])
return 1
`);

/**
 * Ends an operation whose record is broken and that no worker has in hand: it is not open any more and its turn is given away. KEYS operation,
 * then whatever may hold its id. ARGV id, the broken record. Returns 1, or 0 when the record has changed.
 */
export const BURY = script(`
local isHash = redis.call("TYPE", KEYS[1]).ok == "hash"
if isHash and (redis.call("HGET", KEYS[1], "record") or "") ~= ARGV[2] then return 0 end
if isHash then
  redis.call("HINCRBY", KEYS[1], "fence", 1)
  redis.call("HSET", KEYS[1], "ended", 1)
end
for i = 2, #KEYS do
  local type = redis.call("TYPE", KEYS[i]).ok
  if type == "zset" then redis.call("ZREM", KEYS[i], ARGV[1]) end
  if type == "list" then redis.call("LREM", KEYS[i], 0, ARGV[1]) end
end
return 1
`);

/**
 * KEYS lease. ARGV who wants it, what it was like when it was seen to be dead ("" for nobody was). Takes it, or renews it.
 * Returns {"held", fence}, or {"other", what it is like}.
 */
export const LEASE = script(`
local holder = redis.call("HGET", KEYS[1], "holder") or ""
if holder == ARGV[1] then
  redis.call("HINCRBY", KEYS[1], "beat", 1)
  return { "held", tonumber(redis.call("HGET", KEYS[1], "fence")) }
end
local like = holder .. " " .. (redis.call("HGET", KEYS[1], "beat") or "")
if holder ~= "" and like ~= ARGV[2] then return { "other", like } end
redis.call("HSET", KEYS[1], "holder", ARGV[1])
redis.call("HINCRBY", KEYS[1], "beat", 1)
return { "held", redis.call("HINCRBY", KEYS[1], "fence", 1) }
`);

/** KEYS lease. ARGV who had it. */
export const RELEASE = script(`
if redis.call("HGET", KEYS[1], "holder") == ARGV[1] then redis.call("HDEL", KEYS[1], "holder") end
return 1
`);

/** Whether a lease is somebody else's by now. */
const FENCED = `
local function isLost(lease, fence)
  return fence ~= "" and redis.call("HGET", lease, "fence") ~= fence
end
`;

/** KEYS hash, lease. ARGV fence or "", format, field, record, channel. Returns -1 when the lease is lost, 0 when what is there is of a newer Creel. */
export const PUT_FENCED = script(`${FENCED}${NEWER}
if isLost(KEYS[2], ARGV[1]) then return -1 end
if newer(redis.call("HGET", KEYS[1], ARGV[3]), ARGV[2]) then return 0 end
redis.call("HSET", KEYS[1], ARGV[3], ARGV[4])
redis.call("PUBLISH", ARGV[5], KEYS[1])
return 1
`);

/** KEYS hash, lease. ARGV fence or "", format, field, channel. Returns as `PUT_FENCED`. */
export const REMOVE_FENCED = script(`${FENCED}${NEWER}
if isLost(KEYS[2], ARGV[1]) then return -1 end
if newer(redis.call("HGET", KEYS[1], ARGV[3]), ARGV[2]) then return 0 end
if redis.call("HDEL", KEYS[1], ARGV[3]) == 1 then redis.call("PUBLISH", ARGV[4], KEYS[1]) end
return 1
`);

/** KEYS agents. ARGV name, format, record. Returns 0 when what is there is of a newer Creel. */
export const PUT_AGENT = script(`${NEWER}
if newer(redis.call("HGET", KEYS[1], ARGV[1]), ARGV[2]) then return 0 end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[3])
return 1
`);

/**
 * KEYS agents. ARGV name, format, record, then bots as `channel:id`. Returns 0 when what is there is of a newer Creel, 1 when it was put, and the name of
 * another agent that has one of the bots. Records that cannot be read have none.
 */
export const CLAIM_AGENT = script(`${NEWER}
if newer(redis.call("HGET", KEYS[1], ARGV[1]), ARGV[2]) then return 0 end
local wanted = {}
for i = 4, #ARGV do wanted[ARGV[i]] = true end
local function group(value) return type(value) == "table" and value or {} end
local function has(kept)
  for channel, bot in pairs(group(group(kept).bots)) do
    if wanted[channel .. ":" .. tostring(group(bot).id)] then return true end
  end
end
local found = redis.call("HGETALL", KEYS[1])
for i = 1, #found, 2 do
  if found[i] ~= ARGV[1] then
    local isRead, agent = pcall(cjson.decode, found[i + 1])
    local change = group(isRead and group(agent).change)
    if isRead and (has(group(agent).settings) or has(change.before) or has(change.after)) then return found[i] end
  end
end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[3])
return 1
`);

/** KEYS agents. ARGV name, format. Returns 0 when what is there is of a newer Creel. */
export const REMOVE_AGENT = script(`${NEWER}
if newer(redis.call("HGET", KEYS[1], ARGV[1]), ARGV[2]) then return 0 end
redis.call("HDEL", KEYS[1], ARGV[1])
return 1
`);

/** What a channel keeps; of another type it is none. */
const NOTE = `${NEWER}
local function isNewer(key, format)
  return redis.call("TYPE", key).ok == "string" and newer(redis.call("GET", key), format)
end
`;

/** KEYS note. ARGV format, record, how long it is kept (ms). Returns 0 when what is there is of a newer Creel. */
export const PUT_NOTE = script(`${NOTE}
if isNewer(KEYS[1], ARGV[1]) then return 0 end
redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3])
return 1
`);

/** KEYS note. ARGV format. Returns 0 when what is there is of a newer Creel. */
export const REMOVE_NOTE = script(`${NOTE}
if isNewer(KEYS[1], ARGV[1]) then return 0 end
redis.call("DEL", KEYS[1])
return 1
`);

/** KEYS index. ARGV how many to keep, key prefix, format. What a newer Creel wrote is kept, and so is what is stuck: it names what is left. */
export const PRUNE = script(`${NEWER}
local excess = math.min(redis.call("ZCARD", KEYS[1]) - tonumber(ARGV[1]), 1000)
if excess <= 0 then return 0 end
for _, id in ipairs(redis.call("ZRANGE", KEYS[1], 0, excess - 1)) do
  local operation = ARGV[2] .. ":operation:" .. id
  local kind = redis.call("TYPE", operation).ok
  local record = kind == "hash" and redis.call("HGET", operation, "record")
  local isRead, read = pcall(cjson.decode, record or "")
  read = isRead and type(read) == "table" and read or {}
  local isOver = kind == "hash" and redis.call("HEXISTS", operation, "ended") == 1
  if kind == "none" or isOver and not newer(record, ARGV[3]) and read.state ~= "stuck" then
    -- The agent's index forgets what is not there by itself.
    local agent = read.agent
    if agent and agent ~= cjson.null then redis.call("ZREM", ARGV[2] .. ":index:" .. agent, id) end
    redis.call("DEL", operation)
    redis.call("ZREM", KEYS[1], id)
  end
end
return 1
`);

/** KEYS counter. ARGV limit, window (ms). Returns 0, or the milliseconds until the window ends when the limit is used up. */
export const TAKE = script(`
local count = redis.pcall("INCR", KEYS[1])
if type(count) ~= "number" then
  redis.call("SET", KEYS[1], 1)
  count = 1
end
local left = redis.call("PTTL", KEYS[1])
-- New, or left over from before the clock was set back.
if left < 0 or left > tonumber(ARGV[2]) then
  redis.call("PEXPIRE", KEYS[1], ARGV[2])
  left = tonumber(ARGV[2])
end
if count <= tonumber(ARGV[1]) then return 0 end
return math.max(1, left)
`);
