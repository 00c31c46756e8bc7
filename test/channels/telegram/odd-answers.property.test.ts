import fc from "fast-check";
import { expect, test } from "vitest";
import { asOpsError } from "../../../src/core/errors.ts";
import { ada, createChat, createPeople, inPrivate, openChat, ordinary, saying, telegramWithPeople } from "./world.ts";

const oddResult = fc.constantFrom<unknown>(null, false, 7, "undefined", [], {}, { message_id: "undefined" }, [null]);
const oddBody = fc.oneof(
  fc.constantFrom(
    "",
    "null",
    "[]",
    "<html>502 Bad Gateway</html>",
    "true",
    "{",
    '{"ok":true}',
    '{"ok":"yes","result":{}}',
  ),
  oddResult.map((result) => JSON.stringify({ ok: true, result })),
  fc.json().map((result) => `{"ok":true,"result":${result}}`),
  fc.json().map((description) => `{"ok":false,"error_code":400,"description":${description}}`),
  fc.json().map((code) => `{"ok":false,"error_code":${code},"description":"Bad Request: x","parameters":${code}}`),
  fc.json(),
);

test("whatever is answered is no defect of Creel, and the next call goes on", async () => {
  // So slowly that Telegram has nothing against it.
  let nowMs = Date.now();
  const now = () => {
    nowMs += 10_000;
    return nowMs;
  };
  await using server = await telegramWithPeople({ now });
  await server.say(ada, "/start");
  await using running = createChat(server, { now });
  const { chat } = running;
  const post = () => chat.post(inPrivate, saying("Here I am"), ordinary);
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    sendMessage: post,
    editMessageText: async () => chat.edit(await post(), saying("There I am")),
    deleteMessage: async () => chat.remove(await post()),
  };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(calls)), oddBody, async (method, body) => {
      server.garbleNext(method, body);
      const code = await calls[method]?.().then(
        () => null,
        (error: unknown) => asOpsError(error).code,
      );
      if (!/^\{"ok":false/.test(body)) expect(code, body).not.toBe("internal");
      expect(await post()).toMatchObject({ place: inPrivate, id: expect.stringMatching(/^\d+$/) });
    }),
    { numRuns: 80 },
  );
});

const ODD_AT_THE_START = [
  ...["null", "<html>502</html>", '{"ok":true}', '{"ok":true,"result":null}', '{"ok":true,"result":[null]}'],
  ...['{"ok":true,"result":{}}', '{"ok":true,"result":"x"}', '{"ok":true,"result":[{"update_id":"9"}]}'],
  ...['{"ok":false,"error_code":"x","description":null}', '{"ok":false,"error_code":400,"description":{}}'],
  '{"ok":false,"error_code":429,"description":"x","parameters":{"retry_after":null}}',
];

test.each(["getMe", "getUpdates", "setMyCommands", "deleteWebhook", "answerCallbackQuery"])(
  "whatever %s is answered while it connects, people are heard afterwards",
  async (method) => {
    const heardInSpiteOf = async (body: string) => {
      await using server = await telegramWithPeople();
      const people = createPeople(server);
      server.garbleNext(method, body);
      await using running = await openChat(server, people.handler);
      await server.say(ada, "/logs agent:after");
      await server.waitFor(() =>
        people.commandEvents.find(({ submission }) => JSON.stringify(submission).includes("after")),
      );
      const told = running.errors.map((error) => asOpsError(error)).filter(({ code }) => code === "internal");
      const skipped =
        method === "getUpdates" && /"result":\[/.test(body)
          ? [/sent an update that cannot be read; it was left out/]
          : [];
      expect(
        told.map(({ userMessage }) => userMessage),
        body,
      ).toEqual(skipped.map((one) => expect.stringMatching(one)));
    };
    await Promise.all(ODD_AT_THE_START.map(heardInSpiteOf));
  },
);
