import type { Chat } from "../../../src/channels/channel.ts";
import type { Clock } from "../../../src/channels/chat/clock.ts";
import type { OperationFeed } from "../../../src/channels/chat/follower.ts";
import type { ChannelMemory } from "../../../src/core/chat.ts";
import type { Concerns } from "../../../src/core/concern.ts";

/** A process that is killed at its nth point; there is one before and one after everything it asks of the world. */
export interface Life {
  readonly isOver: () => boolean;
  /** How many points it came past. */
  readonly points: () => number;
  chat(chat: Chat): Chat;
  memory(memory: ChannelMemory): ChannelMemory;
  feed(feed: OperationFeed): OperationFeed;
  concerns(concerns: Concerns): Concerns;
  clock(clock: Clock): Clock;
}

export function createLife(diesAt: number): Life {
  let points = 0;
  /** Of the dead nothing is heard: what they wait for never comes. */
  const silence = () => new Promise<never>(() => undefined);
  const point = async () => {
    points += 1;
    if (points >= diesAt) await silence();
  };
  const mortal = async <T>(call: () => Promise<T>): Promise<T> => {
    await point();
    const result = await call();
    await point();
    return result;
  };
  const orSilence = async <T>(call: () => Promise<T>): Promise<T> => {
    const result = await call();
    return points >= diesAt ? silence() : result;
  };

  return {
    isOver: () => points >= diesAt,
    points: () => points,
    chat: (chat) => ({
      ...chat,
      post: (...given) => mortal(() => chat.post(...given)),
      edit: (...given) => mortal(() => chat.edit(...given)),
      remove: (...given) => mortal(() => chat.remove(...given)),
      thread: (...given) => mortal(() => chat.thread(...given)),
    }),
    memory: (memory) => ({
      get: (...given) => mortal(() => memory.get(...given)),
      put: (...given) => mortal(() => memory.put(...given)),
      names: (...given) => mortal(() => memory.names(...given)),
      remove: (...given) => mortal(() => memory.remove(...given)),
    }),
    feed: (feed) => ({
      async *watch(...given) {
        for await (const operation of feed.watch(...given)) {
          await point();
          yield operation;
        }
      },
      untold: (...given) => mortal(() => feed.untold(...given)),
      isUntold: (...given) => mortal(() => feed.isUntold(...given)),
      told: (...given) => mortal(() => feed.told(...given)),
    }),
    concerns: (concerns) => ({
      all: () => mortal(() => concerns.all()),
      raise: (...given) => mortal(() => concerns.raise(...given)),
      settle: (...given) => mortal(() => concerns.settle(...given)),
      listen: (onChange) => concerns.listen(onChange),
    }),
    // Time passes between points; sleeping asks nothing of the world.
    clock: (clock) => ({ ...clock, sleep: (...given) => orSilence(() => clock.sleep(...given)) }),
  };
}
