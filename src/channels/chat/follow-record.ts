import { z } from "zod";
import type { ChannelMemory } from "../../core/chat.ts";
import type { OperationId } from "../../core/names.ts";
import { placeSchema, postedSchema } from "./places.ts";

const schema = z.object({
  /** How many status messages were begun so far; each is posted under a key of its own. */
  begun: z.number().int().nonnegative(),
  /** null while the newest one that was begun is not known to be there. */
  status: postedSchema.extend({ postedAtMs: z.number() }).nullable(),
  /** The one before, which has to go. */
  outdated: postedSchema.nullable(),
  thread: placeSchema.nullable(),
  /** Asked for; asking again is not worth it when there is none. */
  threadAsked: z.boolean(),
  /** Nothing can be said there any more. */
  silent: z.boolean(),
  /** `endedAtMs` of the end that has been told, which the status message may still have to show; null: none. One that was stuck may end again. */
  toldEndMs: z.number().nullable().default(null),
});

/** What a chat has been shown of an operation: all that is left of it when Creel is killed. */
export type FollowRecord = z.output<typeof schema>;

const NOTHING_SHOWN: FollowRecord = {
  ...{ begun: 0, status: null, outdated: null, thread: null, threadAsked: false, silent: false, toldEndMs: null },
};

/** Longer than any operation runs; what is never finished is forgotten by itself. */
const KEPT_MS = 30 * 24 * 60 * 60_000;

/** May throw OpsError `store-unavailable`. A record that this Creel cannot read counts as none. */
export interface FollowRecords {
  load(id: OperationId): Promise<FollowRecord>;
  save(id: OperationId, record: FollowRecord): Promise<void>;
  remove(id: OperationId): Promise<void>;
}

export function createFollowRecords(memory: ChannelMemory): FollowRecords {
  return {
    async load(id) {
      const found = schema.safeParse(await memory.get(keyOf(id)));
      return found.success ? found.data : NOTHING_SHOWN;
    },
    save: (id, record) => memory.put(keyOf(id), record, KEPT_MS),
    remove: (id) => memory.remove(keyOf(id)),
  };
}

function keyOf(id: OperationId): string {
  return `follow:${id}`;
}
