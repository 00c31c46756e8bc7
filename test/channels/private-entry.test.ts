import { expect, onTestFinished, test } from "vitest";
import { commands } from "../../commands/index.ts";
import type { Chat } from "../../src/channels/channel.ts";
import { type ChatChannel, createChatChannel } from "../../src/channels/chat/chat-channel.ts";
import { createDiscordChat } from "../../src/channels/discord/discord.ts";
import type { OpsError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secrets.ts";
import { CANARY, lockCommand } from "../desk/lock-command.ts";
import { createMemoryOfChannels } from "../desk/memory-chat-state.ts";
import { createDeskWorld, people } from "../desk/world.ts";
import { openServer } from "./discord/world.ts";
import { ada, createChat, group, telegramWithPeople } from "./telegram/world.ts";

const person = { id: "100000000000000001", name: "Ada" };
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

/** A chat's adapter with everything that chats share, in front of the real desk. */
async function creel(chat: Chat) {
  const taken: string[] = [];
  const errors: OpsError[] = [];
  const memory = createMemoryOfChannels(Date.now);
  const owners = people({ discord: { users: [person.id], roles: [] }, telegram: [String(ada)] });
  const known = [...commands, lockCommand(taken)];
  const world = createDeskWorld(Date.now, { commands: known, authority: { owners }, memory });
  const channel: ChatChannel = createChatChannel({
    ...{ chat, desk: world.desk, commands: known, feed: world.operations, memory, clock },
    ...{ alerts: null, elsewhere: () => [] },
    onError: (error) => void errors.push(error),
    onTrouble: () => undefined,
  });
  await channel.open();
  onTestFinished(() => channel.close());
  const kept = async () => JSON.stringify(await Promise.all((await memory.names("")).map((name) => memory.get(name))));
  return { ...world, taken, errors, kept };
}

async function discord() {
  const server = await openServer();
  const chat = createDiscordChat({
    ...{ token: new Secret(server.token), api: server.api, guilds: [server.guildId] },
    ...{ commands: [...commands, lockCommand([])], onError: () => undefined },
    ...{ now: Date.now, elapsed: () => performance.now() },
  });
  return { server, ...(await creel(chat)) };
}

async function telegram() {
  const server = await telegramWithPeople();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const { chat } = createChat(server, { commands: [...commands, lockCommand([])] });
  return { server, ...(await creel(chat)) };
}

test("Discord asks in a dialog that a button opens at once; what is wrong can be entered again, what is good counts once", async () => {
  const { server, taken, operations, kept, errors } = await discord();
  const question = await server.run(person, "lock", { name: "bob" }).answered;
  expect(question).toMatchObject({ visibleTo: person.id, content: expect.stringContaining("The key of the lock") });
  const opened = server.press(person, question, "Enter it");
  expect((await opened.acknowledged).kind).toBe("modal");
  expect(opened.dialog()).toMatchObject({ title: "The key of the lock" });
  const refused = await server.fillIn(opened, "canary-that-is-wrong").answered;
  expect(refused.id).toBe(question.id);
  expect(refused.content).toContain("The lock does not take");
  expect(JSON.stringify(refused)).not.toContain("canary");
  const again = server.press(person, refused, "Enter it again");
  await again.acknowledged;
  await server.fillIn(again, `  ${CANARY} `).answered;
  await server.fillIn(again, CANARY).answered;
  expect(taken).toEqual([CANARY]);
  expect(operations.all.size).toBe(1);
  expect(await kept()).not.toContain("canary");
  expect(errors).toEqual([]);
});

test("Discord: who leaves it is not asked any more", async () => {
  const { server, taken } = await discord();
  const question = await server.run(person, "lock", { name: "bob" }).answered;
  const opened = server.press(person, question, "Enter it");
  await opened.acknowledged;
  expect((await server.press(person, question, "Leave it").answered).content).toContain("Nothing was done.");
  const late = await server.fillIn(opened, CANARY).answered;
  expect(JSON.stringify(late)).not.toContain(CANARY);
  expect(taken).toEqual([]);
});

test("Telegram asks in the private chat, and deletes every answer, also a wrong one", async () => {
  const { server, taken, operations, kept, errors } = await telegram();
  await server.say(ada, "/lock bob");
  expect((await server.nextMessage(ada)).text).toContain("The key of the lock is needed.");
  const wrong = await server.say(ada, "canary-that-is-wrong");
  const refusal = await server.nextMessage(ada);
  expect(refusal.text).toContain("The lock does not take");
  expect(refusal.text).not.toContain("canary");
  expect(wrong.deleted).toBe(true);
  const good = await server.say(ada, ` ${CANARY}\n`);
  await expect.poll(() => operations.all.size).toBe(1);
  expect([good.deleted, taken]).toEqual([true, [CANARY]]);
  expect(await kept()).not.toContain("canary");
  expect(errors).toEqual([]);
});

test("Telegram: a command is no answer, and the question waits for one", async () => {
  const { server, taken } = await telegram();
  await server.say(ada, "/lock bob");
  await server.nextMessage(ada);
  const asked = await server.say(ada, "/status");
  await server.nextMessage(ada);
  expect(asked.deleted).toBe(false);
  await server.say(ada, CANARY);
  await expect.poll(() => taken).toEqual([CANARY]);
});

test("Telegram: in a group it is said how to be asked, by somebody the bot may not write to yet, and nothing waits", async () => {
  const { server, taken, desk } = await telegram();
  await server.say(ada, "/lock bob", { chat: group });
  expect((await server.nextMessage(group)).text).toContain("press Start");
  const mo = { channel: "telegram" as const, user: String(ada), roles: [], name: "Ada" };
  await expect.poll(() => desk.askedInPrivate(mo)).toBeNull();
  await server.say(ada, "/lock bob", { chat: group });
  expect(taken).toEqual([]);
});
