import { SimpleShardingStrategy, type WebSocketManager, WebSocketShard, WebSocketShardStatus } from "@discordjs/ws";
import type { Skip } from "../skipped.ts";
import { isFrame } from "./frames.ts";

/** What the library begins without waiting for it, so that nobody would hear of its failure and the process would end. */
const UNHEARD = ["onMessage", "onClose", "heartbeat", "internalConnect"] as const;

interface GuardParts {
  readonly skip: Skip;
  /** The connection cannot go on by itself. */
  readonly onBroken: (error: unknown) => void;
}

/** Makes connections on which nothing that arrives ends the process. */
export class GuardedStrategy extends SimpleShardingStrategy {
  readonly #parts: GuardParts;
  #guarded: readonly WebSocketShard[] = [];

  constructor(manager: WebSocketManager, parts: GuardParts) {
    super(manager);
    this.#parts = parts;
  }

  /** Nothing is connected, nor being connected. */
  get isIdle(): boolean {
    return this.#guarded.every(({ status }) => status === WebSocketShardStatus.Idle);
  }

  override async spawn(shardIds: number[]): Promise<void> {
    await super.spawn(shardIds);
    const shards: unknown = Reflect.get(this, "shards");
    const made = shards instanceof Map ? [...shards.values()] : [];
    this.#guarded = made.filter((shard) => shard instanceof WebSocketShard);
    for (const shard of this.#guarded) guard(shard, this.#parts);
  }
}

function guard(shard: WebSocketShard, { skip, onBroken }: GuardParts): void {
  for (const name of UNHEARD) {
    const original: unknown = Reflect.get(shard, name);
    if (typeof original !== "function") throw new Error(`The gateway's library has no ${name} any more.`);
    Reflect.set(shard, name, async (...given: unknown[]) => {
      if (name === "onMessage" && !isFrame(given[0])) return skip("something over its gateway");
      try {
        return await Reflect.apply(original, shard, given);
      } catch (error) {
        if (name === "onMessage") skip("something over its gateway", error);
        else onBroken(error);
      }
    });
  }
}
