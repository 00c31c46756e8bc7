import type { Redis } from "ioredis";
import { z } from "zod";
import { CHATS } from "../../core/chat.ts";
import { isOperationId, type OperationId } from "../../core/names.ts";
import { askedAtMs, isEnded, noSuchOperation, type Operation } from "../../core/operation.ts";
import { lifecycleEvent, retriedEvent } from "./audit.ts";
import { orStoreError } from "./connection.ts";
import { keys, OPERATION_PREFIX, PREFIX, scanKeys } from "./keys.ts";
import { type OperationStore, superseded } from "./port.ts";
import { FORMAT, operationText, orReason, parseRecord, reasonOf } from "./record.ts";
import {
  BURY,
  CLAIM,
  ENQUEUE,
  MOVE,
  PRUNE,
  REOPEN,
  REPLACE_UNCLAIMED,
  REQUEST_CANCEL,
  runScript,
  SAVE,
  TOLD,
} from "./scripts.ts";

/** Chats deliver again what was not confirmed, for a day at most. */
const REQUEST_MS = 24 * 60 * 60_000;

const id = z.string().refine(isOperationId);
const claimReply = z.union([
  z.tuple([z.enum(["gone", "ended"])]),
  z.tuple([z.literal("behind"), id, z.string()]),
  z.tuple([z.literal("claimed"), z.number(), z.string(), z.string()]),
]);
const saveReply = z.union([z.literal(-1), z.tuple([z.string()]), z.tuple([z.string(), id])]);
const replaceReply = z.union([z.literal(-1), z.tuple([]), z.tuple([id])]);

export function createOperationStore(redis: Redis): OperationStore {
  const four = (operation: Operation) => [
    keys.operation(operation.id),
    keys.turns(operation.agent),
    keys.open,
    keys.audit,
  ];
  const readOne = async (each: OperationId) => {
    try {
      const text = await orStoreError(redis.hget(keys.operation(each), "record"));
      return text === null ? [] : [parseRecord(text, each)];
    } catch (error) {
      // Whoever looks at many goes on without it; reasonOf throws what is not about the record.
      reasonOf(error);
      return [];
    }
  };
  const readAll = async (ids: readonly string[]) => (await Promise.all(ids.filter(isOperationId).map(readOne))).flat();

  return {
    async enqueue(operation, lane, origin) {
      const { agent } = operation;
      const chat =
        origin === null ? [] : [keys.untold(origin.place.channel), keys.request(origin.place.channel, origin.key)];
      const reply = await runScript(
        redis,
        ENQUEUE,
        [
          keys.operation(operation.id),
          keys.turns(agent),
          keys.open,
          keys.index,
          keys.agentIndex(agent),
          keys.audit,
          keys.lanes,
          ...chat,
        ],
        [
          operation.id,
          operationText(operation),
          lane,
          operation.requestedAtMs,
          agent === null ? 0 : 1,
          lifecycleEvent(operation, "requested"),
          keys.changed,
          REQUEST_MS,
        ],
      );
      return id.parse(reply);
    },
    async earlier({ place, key }) {
      return id.nullable().parse(await orStoreError(redis.get(keys.request(place.channel, key))));
    },
    async read(operationId) {
      const [text, fence, lane] = await orStoreError(
        redis.hmget(keys.operation(operationId), "record", "fence", "lane"),
      );
      if (typeof text !== "string" || typeof fence !== "string") return null;
      let operation: Operation | null = null;
      return {
        text,
        fence,
        lane: lane ?? "",
        // Watchers read far more often than anything changes.
        get operation() {
          operation ??= parseRecord(text, operationId);
          return operation;
        },
      };
    },
    lane: (operationId) => orStoreError(redis.hget(keys.operation(operationId), "lane")),
    async move(operationId, from, to) {
      return (await runScript(redis, MOVE, [keys.operation(operationId), keys.lanes], [from, to])) === 1;
    },
    async claim(operationId, agent) {
      const reply = claimReply.parse(
        await runScript(
          redis,
          CLAIM,
          [keys.operation(operationId), keys.turns(agent)],
          [operationId, OPERATION_PREFIX],
        ),
      );
      if (reply[0] === "behind") return { type: "behind", head: reply[1] };
      if (reply[0] !== "claimed") return { type: "over" };
      return {
        type: "claimed",
        fence: reply[1],
        operation: parseRecord(reply[2], operationId),
        cancel: reply[3] !== "",
      };
    },
    async save(operation, fence) {
      const args = [
        operation.id,
        fence,
        operationText(operation),
        isEnded(operation) ? 1 : 0,
        lifecycleEvent(operation, "started"),
        lifecycleEvent(operation, "ended"),
        keys.changed,
      ];
      const reply = saveReply.parse(await runScript(redis, SAVE, four(operation), args));
      if (reply === -1) throw superseded();
      return { cancel: reply[0] !== "", next: reply[1] ?? null };
    },
    async replaceUnclaimed({ operation, text, fence }, changed) {
      const args = [
        operation.id,
        fence,
        text,
        operationText(changed),
        isEnded(changed) ? 1 : 0,
        lifecycleEvent(changed, "ended"),
        keys.changed,
      ];
      const reply = replaceReply.parse(await runScript(redis, REPLACE_UNCLAIMED, four(operation), args));
      return reply === -1 ? null : { next: reply[0] ?? null };
    },
    async reopen({ text }, changed, by) {
      const { id: operationId, place, agent, requestedAtMs } = changed;
      const event = retriedEvent(changed, by, askedAtMs(changed));
      const chats = place === null ? CHATS : [place.channel, ...CHATS.filter((chat) => chat !== place.channel)];
      const reply = await runScript(
        redis,
        REOPEN,
        [...four(changed), ...chats.map(keys.untold)],
        [
          ...[operationId, text, operationText(changed), agent === null ? 0 : 1, event, requestedAtMs, keys.changed],
          place === null ? 0 : 1,
        ],
      );
      return reply === 1 ? await orStoreError(redis.hget(keys.operation(operationId), "lane")) : null;
    },
    async requestCancel(operationId) {
      const reply = await runScript(redis, REQUEST_CANCEL, [keys.operation(operationId)], [operationId, keys.cancel]);
      if (reply === -1) throw noSuchOperation(operationId);
      return reply === 1;
    },
    async cancelRequested(operationId) {
      return (await orStoreError(redis.hexists(keys.operation(operationId), "cancel"))) === 1;
    },
    async recent({ agent, limit }) {
      const index = agent === null ? keys.index : keys.agentIndex(agent);
      return readAll(await orStoreError(redis.zrevrange(index, 0, limit - 1)));
    },
    untold: async (channel) => readAll(await orStoreError(redis.zrangebyscore(keys.untold(channel), "-inf", "+inf"))),
    async isUntold(channel, operationId) {
      return (await orStoreError(redis.zscore(keys.untold(channel), operationId))) !== null;
    },
    async told(channel, { id: operationId, endedAtMs }) {
      await runScript(redis, TOLD, [keys.untold(channel), keys.operation(operationId)], [operationId, endedAtMs ?? ""]);
    },
    open: async () => (await orStoreError(redis.zrangebyscore(keys.open, "-inf", "+inf"))).filter(isOperationId),
    async look(operationId) {
      try {
        const [text, lane] = await orStoreError(redis.hmget(keys.operation(operationId), "record", "lane"));
        const read = orReason(() => parseRecord(text ?? "", operationId));
        return { text: text ?? "", lane: lane ?? null, state: typeof read === "string" ? read : "readable" };
      } catch (error) {
        return { text: "", lane: null, state: reasonOf(error) };
      }
    },
    async bury(operationId, text) {
      const turns = await scanKeys(redis, `${keys.turns(null)}*`);
      const holders = [keys.operation(operationId), keys.open, ...CHATS.map(keys.untold), ...turns];
      return (await runScript(redis, BURY, holders, [operationId, text])) === 1;
    },
    async prune(keep) {
      await runScript(redis, PRUNE, [keys.index], [keep, PREFIX, FORMAT]);
    },
  };
}
