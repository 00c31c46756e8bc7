import type { Redis } from "ioredis";
import { z } from "zod";
import type { ChatName, Origin } from "../core/chat.ts";
import { OpsError } from "../core/errors.ts";
import { isOperationId, type OperationId } from "../core/names.ts";
import { isEnded, type Operation } from "../core/operation.ts";
import { lifecycleEvent } from "./audit.ts";
import { orStoreError } from "./connection.ts";
import { keys, OPERATION_PREFIX, PREFIX } from "./keys.ts";
import { parseRecord } from "./record.ts";
import { CLAIM, ENQUEUE, PRUNE, REPLACE_UNCLAIMED, REQUEST_CANCEL, runScript, SAVE } from "./scripts.ts";

type Claim =
  /** It has ended, or was never there. */
  | { readonly type: "over" }
  | { readonly type: "behind"; readonly head: OperationId }
  | { readonly type: "claimed"; readonly fence: number; readonly operation: Operation; readonly cancel: boolean };

/** An operation as it was read, with what is needed to notice that it has changed since. */
export interface Stored {
  /** Parsed when it is asked for. @throws OpsError `internal` when it is not a record that this Creel can read. */
  readonly operation: Operation;
  readonly text: string;
  readonly fence: string;
}

/** Typed access to operations in Redis. Every call may throw OpsError `store-unavailable`. */
export interface OperationStore {
  /** Idempotent by id and by the origin's key. Durable when it returns. @returns the id of the operation that was enqueued first. */
  enqueue(operation: Operation, lane: string, origin: Origin | null): Promise<OperationId>;
  read(id: OperationId): Promise<Stored | null>;
  lane(id: OperationId): Promise<string | null>;
  /** Takes the right to write, from whoever had it. */
  claim(id: OperationId, turns: Operation["agent"]): Promise<Claim>;
  /** @returns whether it shall be cancelled, and whose turn it is next if it has ended. @throws OpsError `superseded`. */
  save(operation: Operation, fence: number): Promise<{ readonly cancel: boolean; readonly next: OperationId | null }>;
  /** null when it was changed or claimed since it was read. */
  replaceUnclaimed(stored: Stored, changed: Operation): Promise<{ readonly next: OperationId | null } | null>;
  /** false when it has ended. @throws OpsError `not-found`. */
  requestCancel(id: OperationId): Promise<boolean>;
  cancelRequested(id: OperationId): Promise<boolean>;
  /** Newest first. */
  recent(filter: { readonly agent: Operation["agent"]; readonly limit: number }): Promise<Operation[]>;
  /** See `Operations`. */
  untold(channel: ChatName): Promise<Operation[]>;
  isUntold(channel: ChatName, id: OperationId): Promise<boolean>;
  told(channel: ChatName, id: OperationId): Promise<void>;
  /** Those that have not ended, oldest first. */
  open(): Promise<OperationId[]>;
  /** Forgets the oldest operations that have ended, as far as there are more than `keep`; a thousand at most in one call. */
  prune(keep: number): Promise<void>;
}

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
  const readAll = async (ids: readonly string[]) => {
    const known = z.array(id).parse(ids);
    const texts = await Promise.all(known.map((each) => orStoreError(redis.hget(keys.operation(each), "record"))));
    return texts.filter((text) => text !== null).map(parseRecord);
  };

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
          ...chat,
        ],
        [
          operation.id,
          JSON.stringify(operation),
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
    async read(operationId) {
      const [text, fence] = await orStoreError(redis.hmget(keys.operation(operationId), "record", "fence"));
      if (typeof text !== "string" || typeof fence !== "string") return null;
      let operation: Operation | null = null;
      return {
        text,
        fence,
        // Watchers read far more often than anything changes.
        get operation() {
          operation ??= parseRecord(text);
          return operation;
        },
      };
    },
    lane: (operationId) => orStoreError(redis.hget(keys.operation(operationId), "lane")),
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
      return { type: "claimed", fence: reply[1], operation: parseRecord(reply[2]), cancel: reply[3] !== "" };
    },
    async save(operation, fence) {
      const args = [
        operation.id,
        fence,
        JSON.stringify(operation),
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
        JSON.stringify(changed),
        isEnded(changed) ? 1 : 0,
        lifecycleEvent(changed, "ended"),
        keys.changed,
      ];
      const reply = replaceReply.parse(await runScript(redis, REPLACE_UNCLAIMED, four(operation), args));
      return reply === -1 ? null : { next: reply[0] ?? null };
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
    async told(channel, operationId) {
      await orStoreError(redis.zrem(keys.untold(channel), operationId));
    },
    open: async () => z.array(id).parse(await orStoreError(redis.zrangebyscore(keys.open, "-inf", "+inf"))),
    async prune(keep) {
      await runScript(redis, PRUNE, [keys.index], [keep, PREFIX]);
    },
  };
}

export function superseded(): OpsError {
  return new OpsError({
    code: "superseded",
    userMessage: "Another worker of Creel has taken this operation over.",
  });
}

export function noSuchOperation(operationId: OperationId): OpsError {
  return new OpsError({
    code: "not-found",
    userMessage: `There is no operation ${operationId}.`,
    hint: "/history lists operations with their ids.",
  });
}
