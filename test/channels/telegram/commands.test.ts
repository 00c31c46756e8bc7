import { expect, test } from "vitest";
import { ada, bob, createPeople, group, inGroup, openChat, saying, telegramWithPeople } from "./world.ts";

test("commands reach the handler with who, where and what", async () => {
  await using server = await telegramWithPeople();
  const people = createPeople(server);
  await using _running = await openChat(server, people.handler);
  await server.say(ada, "/deploy ada size:big");
  await server.say(bob, `/status@${server.botUsername} agent:ada`, { chat: group, thread: 77 });
  await server.waitFor(() => server.pendingUpdates === 0);
  expect(people.commandEvents).toMatchObject([
    {
      actor: { channel: "telegram", user: String(ada), roles: [], name: "Ada" },
      place: { channel: "telegram", chat: String(ada), topic: null },
      submission: { command: "deploy", options: { name: "ada", size: "big" }, confirmation: null },
    },
    {
      actor: { user: String(bob), name: "Bob <b>" },
      place: { ...inGroup, topic: "77" },
      submission: { command: "status", options: { agent: "ada" } },
    },
  ]);
  expect(new Set(people.commandEvents.map(({ key }) => key)).size).toBe(2);
});

test("what is not for this bot is left alone; in private every text is for it", async () => {
  await using server = await telegramWithPeople();
  const people = createPeople(server);
  await using _running = await openChat(server, people.handler);
  server.addGroup({ id: -1_000_000_000_777, title: "Noise", members: [ada], bot: "administrator" });
  await server.say(ada, "/status@another_bot", { chat: -1_000_000_000_777 });
  await server.say(ada, "/weather", { chat: -1_000_000_000_777 });
  await server.say(ada, "destroy ada", { chat: -1_000_000_000_777 });
  await server.say(ada, "/start", { chat: -1_000_000_000_777 });
  await server.say(ada, "/start some-payload");
  await server.say(ada, "hello there");
  await server.say(ada, 'size:"');
  await server.waitFor(() => server.pendingUpdates === 0);
  expect(people.commandEvents.map(({ submission }) => submission)).toMatchObject([
    { command: "start", options: {} },
    { command: "start", options: { words: "hello there" } },
    { command: "start", options: { words: 'size:"' } },
  ]);
});

test("the menu is set once, and again when the commands change", async () => {
  await using server = await telegramWithPeople();
  const set = () => server.calls.filter(({ method }) => method === "setMyCommands").length;
  {
    await using _first = await openChat(server, createPeople(server).handler);
  }
  expect(set()).toBe(3);
  expect(server.commands({ type: "all_group_chats" })).toContainEqual({
    command: "status",
    description: "Show the agents and how they are",
  });
  {
    await using _second = await openChat(server, createPeople(server).handler);
  }
  expect(set()).toBe(3);
  {
    await using _third = await openChat(server, createPeople(server).handler, { commands: [] });
  }
  expect(set()).toBe(6);
});

test("answers are replies; a private one in a group goes to the private chat", async () => {
  await using server = await telegramWithPeople();
  const answers: unknown[] = [];
  const people = createPeople(server, {
    async command({ responder, read }) {
      await responder.wait();
      answers.push(await responder.answer(saying("Secret answer", { private: read().command === "logs" })));
    },
  });
  await using _running = await openChat(server, people.handler);
  const question = await server.say(ada, "/status", { chat: group, thread: 77 });
  const reply = await server.nextMessage(group);
  expect(reply).toMatchObject({ text: "Secret answer", replyTo: question.id, threadId: 77, silent: true });

  await server.say(ada, "/logs ada", { chat: group });
  const word = await server.nextMessage(group);
  expect(word.text).toContain(`t.me/${server.botUsername}`);
  expect(word.text).not.toContain("Secret");

  await server.say(ada, "/start");
  await server.nextMessage(ada);
  const asked = await server.say(ada, "/logs ada", { chat: group });
  const secret = await server.nextMessage(ada);
  expect(secret.text).toBe("Secret answer");
  // The others see that it was heard.
  await server.waitFor(() => server.messages(group).find(({ id, reaction }) => id === asked.id && reaction === "👌"));
  await server.waitFor(() => server.pendingUpdates === 0);
  expect(answers).toMatchObject([
    { place: { chat: String(group), topic: "77" }, id: String(reply.id) },
    null,
    { place: { chat: String(ada) } },
    { place: { chat: String(ada), topic: null }, id: String(secret.id) },
  ]);
  expect(server.messages(group).filter(({ byBot }) => byBot)).toHaveLength(2);
});

test("an answer does not depend on the reaction in the group, which may be forbidden there", async () => {
  await using server = await telegramWithPeople();
  const people = createPeople(server, {
    async command({ responder }) {
      await responder.answer(saying("Secret answer", { private: true }));
    },
  });
  await using running = await openChat(server, people.handler);
  await server.say(ada, "/start");
  await server.nextMessage(ada);
  server.failNext({ method: "setMessageReaction", error_code: 400, description: "Bad Request: REACTION_INVALID" });
  await server.say(ada, "/logs ada", { chat: group });
  expect((await server.nextMessage(ada)).text).toBe("Secret answer");
  await server.waitFor(() => server.calls.some(({ method }) => method === "setMessageReaction"));
  expect([running.errors, people.troubles, server.messages(group).filter(({ byBot }) => byBot)]).toEqual([[], [], []]);
});

test("a slow answer does not hold up the next person", async () => {
  await using server = await telegramWithPeople();
  const slow = Promise.withResolvers<void>();
  const people = createPeople(server, {
    command: async ({ actor, responder }) => {
      if (actor.user === String(ada)) await slow.promise;
      await responder.answer(saying("Here"));
    },
  });
  await using _running = await openChat(server, people.handler);
  await server.say(ada, "/status");
  await server.waitFor(() => people.commandEvents.length === 1);
  await server.say(bob, "/status");
  await server.nextMessage(bob);
  expect(server.messages(ada).filter(({ byBot }) => byBot)).toEqual([]);
  expect(server.pendingUpdates).toBe(2);
  slow.resolve();
  await server.nextMessage(ada);
  await server.waitFor(() => server.pendingUpdates === 0);
  expect(people.commandEvents).toHaveLength(2);
});
