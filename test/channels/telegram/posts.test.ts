import { describe, expect, test } from "vitest";
import {
  ada,
  bob,
  createChat,
  createPeople,
  group,
  inGroup,
  inPrivate,
  openChat,
  ordinary,
  saying,
  telegramWithPeople,
} from "./world.ts";

const actor = (id: number, name: string) => ({ channel: "telegram" as const, user: String(id), roles: [], name });
const log = (lines: number) => [
  { type: "log" as const, lines: Array.from({ length: lines }, (_, index) => `line number ${index}`) },
];

test("post, edit, remove", async () => {
  await using server = await telegramWithPeople();
  await using running = createChat(server);
  const { chat } = running;
  const posted = await chat.post(inGroup, saying("One <b>", { buttons: ["Stop"] }), ordinary);
  const [message] = server.messages(group);
  expect(message).toMatchObject({ text: "One <b>", silent: true, links: [], pings: [] });
  expect(await chat.edit(posted, saying("Two"))).toBe("done");
  expect(message).toMatchObject({ text: "Two", reply_markup: undefined });
  const calls = server.calls.length;
  expect(await chat.edit(posted, saying("Two"))).toBe("done");
  expect(server.calls).toHaveLength(calls);
  await chat.remove(posted);
  expect(server.messages(group)).toEqual([]);
  await chat.remove(posted);
  expect(await chat.edit(posted, saying("Three"))).toBe("gone");
  expect(await chat.thread(posted, "Details")).toBeNull();
});

test("who is to hear it is mentioned in a group, and nobody else is", async () => {
  await using server = await telegramWithPeople();
  await using running = createChat(server);
  const notify = actor(bob, "Bob <b> @all");
  await running.chat.post({ ...inGroup, topic: "77" }, saying("Done for @ada_l"), { ...ordinary, notify });
  const [message] = server.messages(group);
  expect(message?.text.split("\n")[0]).toBe("Bob <b> @all");
  expect(message).toMatchObject({ silent: false, pings: [bob], threadId: 77 });
  await server.say(ada, "/start");
  await running.chat.post(inPrivate, saying("Done"), { ...ordinary, notify: actor(ada, "Ada") });
  expect(server.messages(ada).at(-1)).toMatchObject({ text: "Done", silent: false, pings: [] });
  await running.chat.post(inPrivate, saying("Look"), { ...ordinary, aloud: true });
  expect(server.messages(ada).at(-1)).toMatchObject({ silent: false });
});

test("an answer to a message that is gone is sent all the same", async () => {
  await using server = await telegramWithPeople();
  await using running = createChat(server);
  await running.chat.post(inGroup, saying("Done"), { ...ordinary, replyTo: "99" });
  expect(server.messages(group)).toHaveLength(1);
});

test("a long log is a file; editing its message keeps it", async () => {
  await using server = await telegramWithPeople();
  await using running = createChat(server);
  const posted = await running.chat.post(inGroup, saying("Log", { blocks: log(500) }), ordinary);
  const [message] = server.messages(group);
  expect(message?.document).toMatchObject({ file_name: "log.txt" });
  expect(message?.document?.text.split("\n")).toHaveLength(501);
  expect(message?.text).toMatch(/line number 499$/);
  expect(await running.chat.edit(posted, saying("Old", { blocks: log(3) }))).toBe("done");
  expect(message?.text).toMatch(/^Old/);
  expect(message?.document?.text.split("\n")).toHaveLength(501);
});

test("after a restart the kind of a message is found out, and what is unchanged stays", async () => {
  await using server = await telegramWithPeople();
  await using before = createChat(server);
  const file = await before.chat.post(inGroup, saying("Log", { blocks: log(500) }), ordinary);
  const text = await before.chat.post(inGroup, saying("Text"), ordinary);
  await using after = createChat(server);
  expect(await after.chat.edit(file, saying("New caption"))).toBe("done");
  server.takeViolation(/no text in the message/);
  expect(server.messages(group)[0]?.text).toBe("New caption");
  expect(await after.chat.edit(text, saying("Text"))).toBe("done");
  server.takeViolation(/not modified/);
});

test("a message that cannot be changed is frozen, one too old to be removed stays", async () => {
  let now = 1_700_000_000_000;
  await using server = await telegramWithPeople({ now: () => now });
  await using running = createChat(server);
  const posted = await running.chat.post(inGroup, saying("Old"), ordinary);
  server.failNext({ method: "editMessageText", error_code: 400, description: "Bad Request: message can't be edited" });
  expect(await running.chat.edit(posted, saying("New"))).toBe("frozen");
  now += 72 * 3_600_000;
  await running.chat.remove(posted);
  expect(server.messages(group)).toHaveLength(1);
});

test("a group that became a supergroup is followed to its new id", async () => {
  await using server = await telegramWithPeople();
  const oldId = -555;
  server.addGroup({ id: oldId, title: "Small", members: [ada, bob] });
  await using running = createChat(server);
  const place = { ...inGroup, chat: String(oldId) };
  const first = await running.chat.post(place, saying("One"), ordinary);
  const newId = server.migrate(oldId);
  const second = await running.chat.post(place, saying("Two"), { ...ordinary, replyTo: first.id });
  expect(second.place.chat).toBe(String(newId));
  expect(server.messages(newId).map(({ text }) => text)).toEqual(["Two"]);
  const calls = server.calls.length;
  await running.chat.post(place, saying("Three"), ordinary);
  expect(server.calls).toHaveLength(calls + 1);
  expect(await running.chat.edit(first, saying("One, changed"))).toBe("gone");
  expect(await running.chat.edit(second, saying("Two, changed"))).toBe("done");
  await running.chat.remove(first);
});

test("pace", async () => {
  await using server = await telegramWithPeople();
  await using running = createChat(server);
  expect(running.chat.pace(inGroup)).toEqual({ gapMs: 1_000, perMinute: 20 });
  expect(running.chat.pace(inPrivate)).toEqual({ gapMs: 1_000, perMinute: 60 });
});

describe("what goes wrong is told as", () => {
  test("unavailable, with how long to wait", async () => {
    await using server = await telegramWithPeople();
    await using running = createChat(server);
    server.floodWait({ method: "sendMessage", retryAfterS: 7 });
    const post = () => running.chat.post(inGroup, saying("Hi"), ordinary);
    await expect(post()).rejects.toMatchObject({ code: "chat-unavailable", retry: "later", retryAfterMs: 7_000 });
    server.failNext({ error_code: 502, description: "Bad Gateway" });
    await expect(running.chat.post({ ...inGroup, chat: String(ada) }, saying("Hi"), ordinary)).rejects.toMatchObject({
      code: "chat-unavailable",
    });
  });

  test("unavailable for the rest of that time, without another call about that chat", async () => {
    let nowMs = 1_000_000;
    await using server = await telegramWithPeople({ now: () => nowMs });
    await using running = createChat(server, { now: () => nowMs });
    await server.say(ada, "/start");
    server.floodWait({ method: "sendMessage", retryAfterS: 7 });
    const post = () => running.chat.post(inGroup, saying("Hi"), ordinary);
    await expect(post()).rejects.toMatchObject({ retryAfterMs: 7_000 });
    nowMs += 5_000;
    const calls = server.calls.length;
    await expect(post()).rejects.toMatchObject({ code: "chat-unavailable", retryAfterMs: 2_000 });
    expect(server.calls).toHaveLength(calls);
    await running.chat.post({ ...inGroup, chat: String(ada) }, saying("Hi"), ordinary);
    nowMs += 2_001;
    await post();
    expect(server.messages(group)).toHaveLength(1);
  });

  test("unavailable when nothing answers, without the token anywhere", async () => {
    await using server = await telegramWithPeople();
    await using running = createChat(server);
    await server.down();
    const error: unknown = await running.chat.post(inGroup, saying("Hi"), ordinary).catch((known: unknown) => known);
    expect(error).toMatchObject({ code: "chat-unavailable", evidence: ["Telegram: ECONNREFUSED"] });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain(server.token);
  });

  test("forbidden", async () => {
    await using server = await telegramWithPeople();
    await using running = createChat(server);
    const refused = { code: "chat-forbidden", retry: "never" };
    await expect(running.chat.post(inPrivate, saying("Hi"), ordinary)).rejects.toMatchObject(refused);
    await server.say(ada, "/start");
    const posted = await running.chat.post(inPrivate, saying("Hi"), ordinary);
    server.block(ada);
    await expect(running.chat.edit(posted, saying("Ho"))).rejects.toMatchObject(refused);
    server.failNext({
      error_code: 400,
      description: "Bad Request: not enough rights to send text messages to the chat",
    });
    await expect(running.chat.post(inGroup, saying("Hi"), ordinary)).rejects.toMatchObject(refused);
    await expect(running.chat.post({ ...inGroup, chat: "-42" }, saying("Hi"), ordinary)).rejects.toMatchObject(refused);
    server.takeViolation(/chat not found/);
  });

  test("refused, once, when the token is revoked", async () => {
    await using server = await telegramWithPeople();
    const people = createPeople(server);
    await using running = await openChat(server, people.handler);
    server.revokeToken();
    const post = () => running.chat.post(inGroup, saying("Hi"), ordinary);
    await expect(post()).rejects.toMatchObject({ code: "chat-refused" });
    await expect(post()).rejects.toMatchObject({ code: "chat-refused" });
    expect(people.troubles).toEqual(["Telegram refuses the bot's token."]);
  });
});
