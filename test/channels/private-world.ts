import { onTestFinished } from "vitest";
import { commands } from "../../commands/index.ts";
import type { Chat } from "../../src/channels/channel.ts";
import { type ChatChannel, createChatChannel } from "../../src/channels/chat/chat-channel.ts";
import { createDiscordChat } from "../../src/channels/discord/discord.ts";
import type { OpsError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secrets.ts";
import { lockCommand } from "../desk/lock-command.ts";
import { createMemoryOfChannels } from "../desk/memory-chat-state.ts";
import { createDeskWorld, people } from "../desk/world.ts";
import type { DiscordServer } from "../fixtures/discord/server.ts";
import type { TelegramServer } from "../fixtures/telegram/server.ts";
import { openServer } from "./discord/world.ts";
import { ada, bob, createChat, telegramWithPeople } from "./telegram/world.ts";

export const person = { id: "100000000000000001", name: "Ada" };
const clock = {
  now: Date.now,
  elapsed: () => performance.now(),
  sleep: (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};

/** What outlives a process. `aheadMs`: how much later it is for the desk than it is. */
function makeStore() {
  const store = { aheadMs: 0 };
  const now = () => Date.now() + store.aheadMs;
  return Object.assign(store, { now, memory: createMemoryOfChannels(now), taken: [] as string[] });
}

/** A chat's adapter with everything that chats share, in front of the real desk. */
async function creel(chat: Chat, store = makeStore()) {
  const { taken, memory, now } = store;
  const errors: OpsError[] = [];
  const owners = people({ discord: { users: [person.id], roles: [] }, telegram: [String(ada), String(bob)] });
  const known = [...commands, lockCommand(taken)];
  const world = createDeskWorld(now, { commands: known, authority: { owners }, memory });
  const channel: ChatChannel = createChatChannel({
    ...{ chat, desk: world.desk, commands: known, feed: world.operations, memory, clock },
    ...{ alerts: null, elsewhere: () => [] },
    onError: (error) => void errors.push(error),
    onTrouble: () => undefined,
  });
  await channel.open();
  onTestFinished(() => channel.close());
  const kept = async () => JSON.stringify(await Promise.all((await memory.names("")).map((name) => memory.get(name))));
  return { ...world, channel, store, taken, errors, kept };
}

export async function discord() {
  const server = await openServer();
  return { server, ...(await creelOnDiscord(server)) };
}

/** As `creelOn`. */
export async function creelOnDiscord(server: DiscordServer, store = makeStore()) {
  const chat = createDiscordChat({
    ...{ token: new Secret(server.token), api: server.api, guilds: [server.guildId] },
    ...{ commands: [...commands, lockCommand([])], onError: () => undefined },
    ...{ now: Date.now, elapsed: () => performance.now() },
  });
  return await creel(chat, store);
}

export async function telegram() {
  const server = await telegramWithPeople();
  onTestFinished(() => server[Symbol.asyncDispose]());
  return { server, ...(await creelOn(server)) };
}

/** A Creel of its own; with the store of one before, the same after a restart. */
export async function creelOn(server: TelegramServer, store = makeStore()) {
  const { chat } = createChat(server, { commands: [...commands, lockCommand([])] });
  return await creel(chat, store);
}
