import { expect, test } from "vitest";
import { QUESTION_MS } from "../../../src/core/ticket.ts";
import { CANARY } from "../../desk/lock-command.ts";
import { creelOn, telegram } from "../private-world.ts";
import { ada, bob, group } from "./world.ts";

/** The world after /lock, when its question stands in Ada's private chat. */
async function asked() {
  const world = await telegram();
  await world.server.say(ada, "/lock bob");
  expect((await world.server.nextMessage(ada)).text).toContain("The key of the lock is needed.");
  return world;
}

test.each([
  ["a picture with the secret below it", "photo"],
  ["a message that somebody else has written", "forward"],
] as const)("%s is deleted and not taken, and the question stays open", async (_, as) => {
  const { server, taken, operations } = await asked();
  const sent = await server.say(ada, CANARY, { as });
  const { text } = await server.nextMessage(ada);
  expect(text).toContain("That is no text of your own.");
  expect(text).toContain("send it as text");
  expect([sent.deleted, taken, operations.all.size]).toEqual([true, [], 0]);
  await server.say(ada, CANARY);
  await expect.poll(() => operations.all.size).toBe(1);
});

test("a message that cannot be deleted is said to stand there, whether the secret was taken or not", async () => {
  const { server, taken } = await asked();
  const cannot = { error_code: 400, description: "Bad Request: message can't be deleted for everyone" };
  server.failNext({ method: "deleteMessage", ...cannot });
  await server.say(ada, "canary-that-is-wrong");
  const refusal = await server.nextMessage(ada);
  expect(refusal.text).toContain("The lock does not take");
  expect(refusal.text).toContain("I could not delete your message. Delete it yourself.");
  server.failNext({ method: "deleteMessage", ...cannot });
  const left = await server.say(ada, CANARY);
  await expect.poll(() => taken).toEqual([CANARY]);
  await server.waitFor(() =>
    server.messages(ada).find(({ id, text }) => id > left.id && text.includes("Delete it yourself.")),
  );
  expect(left.deleted).toBe(false);
});

test("a deletion that Telegram holds up is tried again, and one whose answer was lost counts", async () => {
  const { server, taken } = await asked();
  server.failNext({ method: "deleteMessage", error_code: 502, description: "Bad Gateway" });
  const first = await server.say(ada, "canary-that-is-wrong");
  expect((await server.nextMessage(ada)).text).not.toContain("Delete it yourself.");
  expect(first.deleted).toBe(true);
  server.loseNextAnswer("deleteMessage");
  const second = await server.say(ada, CANARY);
  await expect.poll(() => taken).toEqual([CANARY]);
  expect(second.deleted).toBe(true);
  expect(server.messages(ada).filter(({ text }) => text.includes("Delete it yourself."))).toEqual([]);
});

test("an answer after two minutes is deleted all the same, and the command can be given anew by a button", async () => {
  const { server, taken, store } = await asked();
  store.aheadMs = QUESTION_MS + 1_000;
  const late = await server.say(ada, CANARY);
  const said = await server.waitFor(() => server.messages(ada).find(({ text }) => text.includes("came too late")));
  expect([late.deleted, taken]).toEqual([true, []]);
  void server.press(ada, said, "Ask me again");
  await server.waitFor(() => server.messages(ada).find(({ id, text }) => id > said.id && /is needed/.test(text)));
  await server.say(ada, CANARY);
  await expect.poll(() => taken).toEqual([CANARY]);
});

test("an answer to a Creel that was started again since counts, and so does one that was sent in between", async () => {
  const before = await asked();
  const { server, store, taken } = before;
  await before.channel.close();
  const answer = await server.say(ada, CANARY);
  const { operations } = await creelOn(server, store);
  await expect.poll(() => operations.all.size).toBe(1);
  expect([answer.deleted, taken]).toEqual([true, [CANARY]]);
});

test("what two people are asked is answered by each of them for themselves", async () => {
  const { server, taken, operations } = await asked();
  // Nobody has asked Bob: what he says is not taken for the answer to Ada's question.
  await server.say(bob, CANARY);
  await server.nextMessage(bob);
  expect(taken).toEqual([]);
  await server.say(bob, "/lock eve");
  expect((await server.nextMessage(bob)).text).toContain("The key of the lock is needed.");
  await server.say(bob, "canary-that-is-wrong");
  expect((await server.nextMessage(bob)).text).toContain("The lock does not take");
  await server.say(bob, CANARY);
  await expect.poll(() => [...operations.all.values()].map(({ agent }) => agent)).toEqual(["eve"]);
  await server.say(ada, CANARY);
  await expect.poll(() => [...operations.all.values()].map(({ agent }) => agent)).toEqual(["eve", "bob"]);
});

test("a command in a group asks in the private chat, and is followed in the group", async () => {
  const { server, taken, operations } = await telegram();
  await server.say(ada, "/help");
  await server.nextMessage(ada);
  await server.say(ada, "/lock bob", { chat: group });
  expect((await server.nextMessage(ada)).text).toContain("The key of the lock is needed.");
  expect(server.messages(group).filter(({ byBot, text }) => byBot && text.includes("key"))).toEqual([]);
  const sent = await server.say(ada, CANARY);
  await server.waitFor(() =>
    server.messages(ada).find(({ text }) => text.includes("You can follow it where you asked for it.")),
  );
  expect((await server.nextMessage(group)).text).toContain("deploying bob");
  expect([sent.deleted, taken]).toEqual([true, [CANARY]]);
  expect([...operations.all.values()].map(({ place }) => place?.chat)).toEqual([String(group)]);
});
