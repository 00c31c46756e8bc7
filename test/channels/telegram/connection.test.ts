import { expect, test } from "vitest";
import { Secret } from "../../../src/core/secrets.ts";
import { ada, createChat, createPeople, openChat, saying, telegramWithPeople } from "./world.ts";

/** A minute passes between any two looks at it. */
function quickClock(): () => number {
  let now = 1_700_000_000_000;
  return () => {
    now += 60_000;
    return now;
  };
}

test("a command that was not dealt with before a crash is delivered again", async () => {
  await using server = await telegramWithPeople();
  const stuck = Promise.withResolvers<void>();
  const first = createPeople(server, { command: () => stuck.promise });
  const crashed = await openChat(server, first.handler);
  await server.say(ada, "/deploy ada");
  await server.waitFor(() => first.commandEvents.length === 1);
  await server.say(ada, "/status");
  await server.waitFor(() => first.commandEvents.length === 2);
  // Nothing is confirmed while the first is not done, as if the process had been killed here.
  const second = createPeople(server);
  expect(server.pendingUpdates).toBe(2);
  const closed = crashed.chat.close();
  await using _running = await openChat(server, second.handler);
  await server.waitFor(() => server.pendingUpdates === 0);
  stuck.resolve();
  expect(second.commandEvents.map(({ key }) => key)).toEqual(first.commandEvents.map(({ key }) => key));
  await closed;
});

test("closing confirms what is done, and is quick", async () => {
  await using server = await telegramWithPeople();
  const people = createPeople(server);
  const running = await openChat(server, people.handler);
  await server.say(ada, "/status");
  await server.waitFor(() => people.commandEvents.length === 1);
  await running.chat.close();
  await running.chat.close();
  expect(server.pendingUpdates).toBe(0);
  expect(server.polling).toBe(false);
});

test("a second program is named once, after a second try, and again when it has gone", async () => {
  await using server = await telegramWithPeople();
  const people = createPeople(server);
  await using _running = await openChat(server, people.handler, { now: quickClock() });
  await server.waitFor(() => server.polling);
  const polls = () => server.calls.filter(({ method }) => method === "getUpdates").length;
  const before = polls();
  const second = server.secondPoller();
  await server.waitFor(() => polls() >= before + 3);
  expect(people.troubles).toEqual(["Another program uses the same Telegram bot."]);
  second.stop();
  await server.say(ada, "/status");
  await server.waitFor(() => people.commandEvents.length === 1);
  expect(people.troubles).toEqual(["Another program uses the same Telegram bot.", null]);
});

test("a single conflict is no trouble", async () => {
  await using server = await telegramWithPeople();
  const people = createPeople(server);
  await using running = await openChat(server, people.handler, { now: quickClock() });
  await server.waitFor(() => server.polling);
  server.secondPoller().stop();
  await server.say(ada, "/status");
  await server.waitFor(() => people.commandEvents.length === 1);
  expect([people.troubles, running.errors]).toEqual([[], []]);
});

test("a refused token ends opening; Telegram being away does not", async () => {
  await using server = await telegramWithPeople();
  const people = createPeople(server);
  const wrong = { token: new Secret(`${server.botId}:${"x".repeat(35)}`) };
  await using refused = createChat(server, wrong);
  await expect(refused.chat.open(people.handler)).rejects.toMatchObject({ code: "chat-refused" });
  await using odd = createChat(server, { token: new Secret("odd token") });
  await expect(odd.chat.open(people.handler)).rejects.toMatchObject({ code: "chat-refused" });

  await server.down();
  const failed = Promise.withResolvers<void>();
  await using patient = createChat(server, { now: quickClock(), onError: () => failed.resolve() });
  const opened = patient.chat.open(people.handler);
  await failed.promise;
  await server.up();
  await opened;
  await server.say(ada, "/status");
  await server.waitFor(() => people.commandEvents.length === 1);
});

test("closing while Telegram is away ends opening", async () => {
  await using server = await telegramWithPeople();
  await server.down();
  const failed = Promise.withResolvers<void>();
  await using running = createChat(server, { onError: () => failed.resolve() });
  const opened = running.chat.open(createPeople(server).handler);
  await failed.promise;
  await running.chat.close();
  await opened;
});

test("after an outage what was said meanwhile is answered", async () => {
  await using server = await telegramWithPeople();
  const people = createPeople(server, {
    command: async ({ responder }) => void (await responder.answer(saying("Here again"))),
  });
  const noticed = Promise.withResolvers<unknown>();
  const options = { now: quickClock(), onError: (error: unknown) => noticed.resolve(error) };
  await using _running = await openChat(server, people.handler, options);
  await server.waitFor(() => server.polling);
  await server.down();
  expect(await noticed.promise).toMatchObject({ code: "chat-unavailable" });
  await server.say(ada, "/status");
  await server.up();
  expect((await server.nextMessage(ada)).text).toBe("Here again");
  expect(people.troubles).toEqual([]);
});
