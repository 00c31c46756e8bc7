import { onTestFinished } from "vitest";
import { commands as allCommands } from "../../../commands/index.ts";
import type { Chat, ChatHandler, CommandEvent, PressEvent } from "../../../src/channels/channel.ts";
import { createDiscordChat, type DiscordOptions } from "../../../src/channels/discord/discord.ts";
import type { OpsError } from "../../../src/core/errors.ts";
import { Secret } from "../../../src/core/secrets.ts";
import { type DiscordServer, type DiscordServerOptions, startDiscordServer } from "../../fixtures/discord/server.ts";

export const ada = { id: "100000000000000001", name: "Ada", roles: ["100000000000000777"] };
export const bob = { id: "100000000000000002", name: "Bob" };

interface TestHandler extends ChatHandler {
  readonly troubles: (OpsError | null)[];
  command: ChatHandler["command"];
  press: ChatHandler["press"];
  entered: ChatHandler["entered"];
  complete: ChatHandler["complete"];
}

export interface DiscordWorld {
  readonly server: DiscordServer;
  readonly chat: Chat;
  readonly handler: TestHandler;
  readonly errors: unknown[];
  readonly clock: { ms: number };
}

/** A server without bots on it; at the end of the test it is closed and tells what the bot did wrong. */
export async function openServer(options: DiscordServerOptions = {}): Promise<DiscordServer> {
  const server = await startDiscordServer({ identifyIntervalMs: 0, ...options });
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

/** An adapter that is not connected yet. Its clock is the server's, and moves only when the test moves it. */
export async function prepare(
  more: Partial<DiscordOptions> = {},
  server?: DiscordServer,
  clock = { ms: Date.UTC(2026, 0, 1) },
): Promise<DiscordWorld> {
  const used = server ?? (await openServer({ now: () => clock.ms }));
  const errors: unknown[] = [];
  const troubles: (OpsError | null)[] = [];
  const chat = createDiscordChat({
    token: new Secret(used.token),
    api: used.api,
    guilds: [used.guildId],
    commands: allCommands,
    onError: (error) => errors.push(error),
    now: () => clock.ms,
    elapsed: () => clock.ms,
    pauses: { firstMs: 20, longestMs: 50, refusedMs: 50 },
    ...more,
  });
  onTestFinished(() => chat.close());
  const handler: TestHandler = {
    troubles,
    command: async () => undefined,
    press: async () => undefined,
    complete: async () => [],
    awaits: async () => null,
    entered: async () => undefined,
    trouble: (error) => troubles.push(error),
  };
  return { server: used, chat, handler, errors, clock };
}

/** A connected adapter. */
export async function connect(more: Partial<DiscordOptions> = {}): Promise<DiscordWorld> {
  const world = await prepare(more);
  await world.chat.open(world.handler);
  return world;
}

/** What the handler is given for the next command. */
export function nextCommand({ handler }: DiscordWorld): Promise<CommandEvent> {
  return new Promise((resolve) => {
    handler.command = async (event) => resolve(event);
  });
}

export function nextPress({ handler }: DiscordWorld): Promise<PressEvent> {
  return new Promise((resolve) => {
    handler.press = async (event) => resolve(event);
  });
}
