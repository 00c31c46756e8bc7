import { expect, test } from "vitest";
import { QUESTION_MS } from "../../src/core/ticket.ts";
import { CANARY } from "../desk/lock-command.ts";
import { creelOnDiscord, discord, person, telegram } from "./private-world.ts";
import { ada, group } from "./telegram/world.ts";

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

test("Discord: a dialog that is sent off after two minutes is told so, and nothing is taken", async () => {
  const { server, taken, store } = await discord();
  const question = await server.run(person, "lock", { name: "bob" }).answered;
  const opened = server.press(person, question, "Enter it");
  await opened.acknowledged;
  store.aheadMs = QUESTION_MS + 1_000;
  const late = await server.fillIn(opened, CANARY).answered;
  expect(late.content).toContain("came too late");
  expect(JSON.stringify(late)).not.toContain(CANARY);
  expect(taken).toEqual([]);
});

test("Discord: a question from before Creel was started again opens its dialog, and the answer counts", async () => {
  const before = await discord();
  const { server, store, taken } = before;
  const question = await server.run(person, "lock", { name: "bob" }).answered;
  await before.channel.close();
  const { operations } = await creelOnDiscord(server, store);
  const opened = server.press(person, question, "Enter it");
  await opened.acknowledged;
  await server.fillIn(opened, CANARY).answered;
  expect([operations.all.size, taken]).toEqual([1, [CANARY]]);
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
