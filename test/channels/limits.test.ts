import { describe, expect, onTestFinished, test } from "vitest";
import type { Chat, Posted } from "../../src/channels/channel.ts";
import { systemClock } from "../../src/channels/chat/clock.ts";
import { createOutbox } from "../../src/channels/chat/outbox.ts";
import { createPresses } from "../../src/channels/chat/presses.ts";
import type { Place } from "../../src/core/chat.ts";
import { message } from "../../src/core/message.ts";
import { createMemoryOfChannels } from "../desk/memory-chat-state.ts";
import { connect } from "./discord/world.ts";
import { createChat, group, inGroup, telegramWithPeople } from "./telegram/world.ts";

/** Longer than a test may take: what waits for it has not been waited for. */
const LONG_S = 600;
const quiet = { key: null, notify: null, replyTo: null };
const saying = (title: string) => () => message(title, "plain", []);
const now = () => "now" as const;

/** The outbox on a real adapter. */
function outboxOf(chat: Chat) {
  const presses = createPresses(createMemoryOfChannels(Date.now));
  const outbox = createOutbox({ chat, presses, clock: systemClock });
  onTestFinished(() => outbox.stop());
  const post = (place: Place, title: string): Promise<Posted> => outbox.post(place, saying(title), quiet);
  return { outbox, post };
}

describe("in Discord", () => {
  async function open() {
    const { server, chat } = await connect();
    const place: Place = { channel: "discord", chat: server.channelId, topic: null };
    const patches = () => server.calls.filter(({ method }) => method === "PATCH");
    return { server, place, patches, ...outboxOf(chat) };
  }

  test("a wait for a thread gives the thread up and holds up no outcome", async () => {
    const { server, place, outbox, post } = await open();
    const status = await post(place, "Deploying");
    server.rateLimit("POST /channels/:id/messages/:id/threads", LONG_S);
    expect(await outbox.thread(status, "Deploying", () => true)).toBeNull();
    await post(place, "Deployed");
    expect(server.messages()).toHaveLength(2);
    expect(await outbox.thread(status, "Deploying", () => true)).toBeNull();
    expect(server.calls.filter(({ route }) => route.endsWith("/threads"))).toHaveLength(1);
  });

  test("a wait for an edit holds up no outcome", async () => {
    const { server, place, patches, outbox, post } = await open();
    const status = await post(place, "Deploying");
    server.rateLimit("PATCH /channels/:id/messages/:id", LONG_S);
    const redrawn = outbox.edit(status, saying("Deployed"), now).catch(({ code }) => code);
    await expect.poll(() => patches()).toHaveLength(1);
    await post(place, "The outcome");
    await post(place, "Another one");
    expect(server.messages()).toHaveLength(3);
    expect(patches()).toHaveLength(1);
    outbox.stop();
    expect(await redrawn).toBe("chat-unavailable");
  });

  test("a wait that is for everything holds up everything", async () => {
    const { server, place, outbox, post } = await open();
    const status = await post(place, "Deploying");
    server.rateLimitAll(2);
    expect(await outbox.thread(status, "Deploying", () => true)).toBeNull();
    const asked = server.calls.length;
    await post(place, "Deployed");
    // Whatever came before its time would be a breach of Discord's rules.
    expect(server.calls.slice(asked).map(({ status }) => status)).toEqual([200]);
  });
});

test("in Telegram, a wait for an edit or for taking a message away holds up no outcome", async () => {
  await using server = await telegramWithPeople();
  await using running = createChat(server);
  const { outbox, post } = outboxOf(running.chat);
  const status = await post(inGroup, "Deploying");
  server.floodWait({ method: "editMessageText", retryAfterS: LONG_S });
  server.floodWait({ method: "deleteMessage", retryAfterS: LONG_S });
  const redrawn = outbox.edit(status, saying("Deployed"), now).catch(({ code }) => code);
  const removed = outbox.remove(status).catch(({ code }) => code);
  await server.waitFor(() => server.calls.length === 3);
  await post(inGroup, "The outcome");
  expect(server.messages(group).map(({ text }) => text)).toEqual(["Deploying", "The outcome"]);
  outbox.stop();
  expect(await Promise.all([redrawn, removed])).toEqual(["chat-unavailable", "chat-unavailable"]);
});
