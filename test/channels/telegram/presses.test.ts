import { expect, test } from "vitest";
import type { PressEvent } from "../../../src/channels/channel.ts";
import {
  ada,
  bob,
  createPeople,
  group,
  inGroup,
  inPrivate,
  openChat,
  ordinary,
  saying,
  telegramWithPeople,
} from "./world.ts";

/** A group with a message of the bot in it; `press` is what its button does. */
async function withButton(press: (event: PressEvent) => Promise<void>) {
  const server = await telegramWithPeople();
  const people = createPeople(server, { press });
  const running = await openChat(server, people.handler);
  await running.chat.post(inGroup, saying("Sure?", { buttons: ["Yes", "No"] }), ordinary);
  const carrier = await server.nextMessage(group);
  return {
    ...{ server, people, carrier, errors: running.errors },
    async [Symbol.asyncDispose]() {
      await running[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("a press tells who pressed what where; accepting it is a passing notice", async () => {
  await using world = await withButton(({ responder }) => responder.accept(saying("Deploying ada.")));
  const { answer } = await world.server.press(bob, world.carrier, "Yes");
  expect(answer).toEqual({ text: "Deploying ada.", show_alert: false });
  expect(world.people.presses).toMatchObject([
    { actor: { user: String(bob) }, press: "c:Yes", posted: { place: inGroup, id: String(world.carrier.id) } },
  ]);
});

test("a message loses its buttons and nothing else, and a pop-up still follows", async () => {
  await using world = await withButton(async ({ responder }) => {
    await responder.disarm();
    await responder.disarm();
    expect(await responder.answer(saying("ada is gone.", { private: true }))).toBeNull();
  });
  const { answer } = await world.server.press(bob, world.carrier, "Yes");
  expect(answer).toEqual({ text: "ada is gone.", show_alert: true });
  expect(world.server.messages(group).at(-1)).toMatchObject({ text: "Sure?", reply_markup: undefined });
  expect(world.errors).toEqual([]);
});

test("a short private answer is a pop-up", async () => {
  await using world = await withButton(async ({ responder }) => {
    expect(await responder.answer(saying("Not allowed.", { private: true }))).toBeNull();
  });
  const { answer } = await world.server.press(bob, world.carrier, "Yes");
  expect(answer).toEqual({ text: "Not allowed.", show_alert: true });
  expect(world.errors).toEqual([]);
});

test("a long private answer goes to the private chat, or a pop-up says why not", async () => {
  const long = saying("Sure?", { private: true, buttons: ["Yes"] });
  await using world = await withButton(async ({ responder }) => void (await responder.answer(long)));
  const { answer } = await world.server.press(bob, world.carrier, "Yes");
  expect(answer?.text).toContain("press Start");
  await world.server.say(bob, "/start");
  expect((await world.server.press(bob, world.carrier, "Yes")).answer).toEqual({});
  expect((await world.server.nextMessage(bob)).text).toBe("Sure?");
  expect(world.server.messages(group).filter(({ byBot }) => byBot)).toHaveLength(1);
});

test("after a wait the answer is a message", async () => {
  await using world = await withButton(async ({ responder }) => {
    await responder.wait();
    await responder.wait();
    await responder.answer(saying("Here it is."));
  });
  expect((await world.server.press(bob, world.carrier, "No")).answer).toEqual({});
  expect(await world.server.nextMessage(group)).toMatchObject({ text: "Here it is.", replyTo: world.carrier.id });
});

test("replace changes the message; when it is gone, a new one says it", async () => {
  await using world = await withButton(({ responder }) => responder.replace(saying("Done.")));
  await world.server.press(bob, world.carrier, "Yes");
  await world.server.waitFor(() => world.carrier.text === "Done.");
  expect(world.carrier.reply_markup).toBeUndefined();
});

test("the button stops waiting when nobody answers, and when the handler fails", async () => {
  await using world = await withButton(async ({ press }) => {
    if (press === "c:No") throw new Error("handler");
  });
  expect((await world.server.press(bob, world.carrier, "Yes")).answer).toEqual({});
  expect((await world.server.press(bob, world.carrier, "No")).answer).toEqual({});
  await world.server.waitFor(() => world.server.pendingUpdates === 0);
  expect(world.errors).toMatchObject([{ code: "internal" }]);
});

test("a query that is too old loses its pop-up, and the answer comes as a message", async () => {
  let now = 1_700_000_000_000;
  await using server = await telegramWithPeople({ now: () => now });
  const people = createPeople(server, {
    async press({ responder }) {
      now += 60_000;
      await responder.answer(saying("Not allowed.", { private: true }));
    },
  });
  await using running = await openChat(server, people.handler);
  await server.say(ada, "/start");
  await running.chat.post(inGroup, saying("Sure?", { buttons: ["Yes"] }), ordinary);
  const carrier = await server.nextMessage(group);
  expect((await server.press(ada, carrier, "Yes")).answer).toBeNull();
  expect((await server.nextMessage(ada)).text).toBe("Not allowed.");
  expect(inPrivate.chat).toBe(String(ada));
});
