import fc from "fast-check";
import { expect, test } from "vitest";
import { amongFirst } from "../../../src/channels/telegram/connection.ts";
import { asOpsError } from "../../../src/core/errors.ts";
import { ada, createPeople, inPrivate, openChat, telegramWithPeople } from "./world.ts";

const from = { id: ada, is_bot: false, first_name: "Ada" };
const chat = { id: ada, type: "private" };
const date = Math.floor(Date.now() / 1000);
const message = { message_id: 900, date, from, chat, text: "/status" };
const press = { id: "900", from, message, data: "c:odd" };

/** What fits, with one part replaced by anything, or left out. */
const oddly = (whole: Readonly<Record<string, unknown>>) =>
  fc.tuple(fc.constantFrom(...Object.keys(whole)), fc.jsonValue(), fc.boolean()).map(([key, value, gone]) => {
    const { [key]: _, ...rest } = whole;
    return gone ? rest : { ...rest, [key]: value };
  });
const oddMessage = fc.oneof(
  fc.jsonValue(),
  oddly(message),
  oddly(from).map((odd) => ({ ...message, from: odd })),
  oddly(chat).map((odd) => ({ ...message, chat: odd })),
);
const oddUpdate = fc.oneof(
  fc.tuple(fc.constant("message" as const), oddMessage),
  fc.tuple(fc.constant("callback_query" as const), fc.oneof(fc.jsonValue(), oddly(press))),
  fc.tuple(
    fc.constant("callback_query" as const),
    oddMessage.map((odd) => ({ ...press, message: odd })),
  ),
);

test("whatever an update is, the ones after it are handled, and what cannot be read is told of", async () => {
  await using server = await telegramWithPeople();
  const people = createPeople(server);
  await using running = await openChat(server, people.handler);
  let real = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(oddUpdate, { minLength: 1, maxLength: 20 }), async (updates) => {
      for (const [kind, content] of updates) server.deliver(kind, content);
      real += 1;
      const said = `/logs agent:real-${real}`;
      await server.say(ada, said);
      const mine = () =>
        people.commandEvents.find(({ submission }) => JSON.stringify(submission).includes(`real-${real}"`));
      expect(await server.waitFor(mine)).toMatchObject({ place: inPrivate });
    }),
    { numRuns: 15 },
  );
  const told = running.errors.map((error) => asOpsError(error).userMessage);
  expect(told[0]).toBe("Telegram sent a message or a press that cannot be read; it was left out.");
  expect(told.filter((words) => !/that cannot be read; it was left out/.test(words))).toEqual([]);
  server.forgiveUnanswered();
  // The last answers may still be under way.
  await running.chat.close();
  await server.down();
  // Presses that the service never made are answered in vain.
  while (server.violations.length > 0) server.takeViolation(/answerCallbackQuery|900/);
});

test.each(["[null]", '[{"update_id":"9"}]', "[[]]", "[7]"])(
  "what is no update at all (%s) holds up nothing",
  async (result) => {
    await using server = await telegramWithPeople();
    const people = createPeople(server);
    await using running = await openChat(server, people.handler);
    server.garbleNext("getUpdates", `{"ok":true,"result":${result}}`);
    await server.say(ada, "/status");
    await server.waitFor(() => people.commandEvents.length === 1);
    expect(running.errors.map((error) => asOpsError(error).userMessage)).toEqual([
      "Telegram sent an update that cannot be read; it was left out.",
    ]);
  },
);

test.each([
  ["in order", [101, 102, 103], [true, true, false]],
  ["side by side", [101, 103, 102], [true, true, true]],
  ["the newest first", [103, 101, 102, 104], [true, true, true, false]],
  ["again", [101, 101, 102, 103], [true, true, true, false]],
  ["with a gap in their numbers", [101, 500, 501], [true, true, false]],
])("of two that waited, delivered %s, none counts as new", (_how, ids, waited) => {
  const hasWaited = amongFirst(2);
  expect(ids.map((id) => hasWaited({ id }))).toEqual(waited);
});
