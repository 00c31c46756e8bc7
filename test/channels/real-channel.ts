import { onTestFinished } from "vitest";
import { commands } from "../../commands/index.ts";
import type { Chat } from "../../src/channels/channel.ts";
import { type ChatChannel, createChatChannel } from "../../src/channels/chat/chat-channel.ts";
import { type Clock, systemClock } from "../../src/channels/chat/clock.ts";
import type { Place } from "../../src/core/chat.ts";
import type { DeskWorld } from "../desk/world.ts";

interface Given {
  readonly chat: Chat;
  readonly world: DeskWorld;
  readonly onError: (error: unknown) => void;
  readonly clock?: Clock;
  readonly alerts?: Place;
}

/** Everything between a chat's service and the desk, real. Closed at the end of the test. */
export async function openChannel({ chat, world, onError, clock = systemClock, alerts }: Given): Promise<ChatChannel> {
  const { desk, memory, operations: feed } = world;
  const parts = { chat, desk, commands, feed, memory, clock, alerts: alerts ?? null, elsewhere: () => [] };
  const channel = createChatChannel({ ...parts, onError, onTrouble: onError });
  onTestFinished(() => channel.close());
  await channel.open();
  return channel;
}
