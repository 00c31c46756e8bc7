import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commands } from "../../commands/index.ts";
import type { Chat } from "../../src/channels/channel.ts";
import { type ChatChannel, createChatChannel } from "../../src/channels/chat/chat-channel.ts";
import { systemClock } from "../../src/channels/chat/clock.ts";
import { createDiscordChat } from "../../src/channels/discord/discord.ts";
import { createTelegramChat } from "../../src/channels/telegram/telegram.ts";
import { Secret } from "../../src/core/secrets.ts";
import { agentCalled, createDeskWorld, type DeskWorld, people } from "../desk/world.ts";
import { type DiscordServer, startDiscordServer } from "../fixtures/discord/server.ts";
import { startTelegramServer, type TelegramServer } from "../fixtures/telegram/server.ts";
import { anyText, nasty } from "./discord/any-message.ts";
import { shown } from "./discord/shown.ts";

const mia = { id: "100000000000000001", name: "Mia @everyone *x* <b>" };
const TOM = 7001;
const RUNS = 60;
/** A chat's own clients turn away what is longer. */
const LONGEST = 3000;

/** Every option of every command, with one that may not be left out filled in. */
const places = commands.flatMap((command) =>
  command.options.filter(({ kind }) => kind !== "choice").map(({ name }) => ({ command, option: name })),
);
const typed = fc.oneof(fc.constantFrom(...nasty), anyText).map((text) => text.toWellFormed().slice(0, LONGEST));
const asked = fc.record({ place: fc.constantFrom(...places), text: typed });

/** The real desk and libraries; only hosts, store and the services themselves are not real. */
describe("whatever is typed into any option", () => {
  let world: DeskWorld;
  let channels: ChatChannel[];
  let errors: unknown[];

  beforeAll(async () => {
    errors = [];
    const everybody = people({ discord: { users: [mia.id], roles: [] }, telegram: [String(TOM)] });
    const limits = Object.fromEntries(commands.map(({ name }) => [name, 1_000_000]));
    world = createDeskWorld(Date.now, { authority: { owners: everybody }, limits });
    await world.registry.put(agentCalled("ada"));
    channels = [];
  });

  async function connect(chat: Chat): Promise<void> {
    const { desk, memory, operations: feed } = world;
    const onError = (error: unknown) => errors.push(error);
    const parts = { chat, desk, commands, feed, memory, clock: systemClock, alerts: null, elsewhere: () => [] };
    const channel = createChatChannel({ ...parts, onError, onTrouble: onError });
    await channel.open();
    channels.push(channel);
  }
  afterAll(() => Promise.all(channels.map((channel) => channel.close())));

  describe("in Discord", () => {
    let server: DiscordServer;
    beforeAll(async () => {
      server = await startDiscordServer({ identifyIntervalMs: 0 });
      const { api, guildId } = server;
      const parts = { api, guilds: [guildId], commands, now: Date.now, elapsed: Date.now };
      await connect(
        createDiscordChat({ ...parts, token: new Secret(server.token), onError: (error) => errors.push(error) }),
      );
      await server.when(() => server.commands().length > 0);
    });
    afterAll(async () => {
      await channels.shift()?.close();
      await server[Symbol.asyncDispose]();
    });

    test("is answered, formats nothing and pings nobody", async () => {
      await fc.assert(
        fc.asyncProperty(asked, async ({ place: { command, option }, text }) => {
          // Discord takes numbers only where numbers are wanted, and no empty strings.
          const isCount = command.options.find(({ name }) => name === option)?.kind === "count";
          if (isCount || text === "") return;
          const required = command.options.filter((one) => one.required && one.name !== option);
          const values = {
            ...Object.fromEntries(required.map(({ name, choices }) => [name, choices?.[0] ?? "ada"])),
            [option]: text,
          };
          const answer = await server.run(mia, command.name, values).answered;
          const pieces = answer.embeds.flatMap(({ title, description, fields }) => [
            title,
            description,
            ...(fields ?? []).flatMap(({ name, value }) => [name, value]),
          ]);
          expect(answer.pings).toEqual([]);
          for (const piece of [answer.content, ...pieces]) expect(shown(piece ?? "").markup).toEqual([]);
          server.check();
        }),
        { numRuns: RUNS },
      );
      expect(errors).toEqual([]);
    });
  });

  describe("in Telegram", () => {
    let server: TelegramServer;
    /** A person who writes ten thousand lines takes their time: so many at once would be too many for Telegram. */
    let passedMs = 0;
    const now = () => Date.now() + passedMs;
    beforeAll(async () => {
      server = await startTelegramServer({ now });
      server.addPerson({ id: TOM, name: "Tom" });
      const { apiRoot } = server;
      const onError = (error: unknown) => errors.push(error);
      await connect(
        createTelegramChat({ apiRoot, commands, now, elapsed: now, token: new Secret(server.token), onError }),
      );
    });
    afterAll(async () => {
      await channels.shift()?.close();
      await server[Symbol.asyncDispose]();
    });

    test("is answered, formats nothing and pings nobody", async () => {
      await fc.assert(
        fc.asyncProperty(asked, async ({ place: { command, option }, text }) => {
          passedMs += 2_000;
          await server.say(TOM, `/${command.name} ${option}:${text}`);
          const answer = await server.nextMessage(TOM);
          expect(answer.pings).toEqual([]);
          expect(answer.links).toEqual([]);
          expect(answer.commands).toEqual([]);
          server.check();
        }),
        { numRuns: RUNS },
      );
      expect(errors).toEqual([]);
    });
  });
});
