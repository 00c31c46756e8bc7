import { describe, expect, test } from "vitest";
import { commands } from "../../../commands/index.ts";
import { commandLineOf } from "../../../src/channels/telegram/command-text.ts";
import { authorOf, isPerson, personOf, placeOf } from "../../../src/channels/telegram/people.ts";
import { readUpdate, type TelegramMessage } from "../../../src/channels/telegram/update.ts";

const group = { id: -1_000_000_000_555, type: "supergroup", title: "Ops" };
const anonymousBot = { id: 1_087_968_824, is_bot: true, first_name: "Group", username: "GroupAnonymousBot" };

function said(more: object): TelegramMessage {
  const ada = { id: 4001, is_bot: false, first_name: "Ada", last_name: "Lovelace", username: "ada_l" };
  const message = { message_id: 5, date: 0, from: ada, chat: group, text: "/status", ...more };
  const found = readUpdate({ update_id: 7, message })?.message;
  if (found === undefined) throw new Error("not a message");
  return found;
}

describe("who wrote", () => {
  test("is a person by number, with a name to show", () => {
    expect(authorOf(said({}))).toEqual({ channel: "telegram", user: "4001", roles: [], name: "Ada Lovelace" });
    const unnamed = { id: 9, is_bot: false, first_name: "", username: "nine" };
    expect(personOf(unnamed)?.name).toBe("@nine");
  });

  test.each([
    ["an anonymous administrator", { from: anonymousBot, sender_chat: group }, String(group.id)],
    [
      "a channel",
      { from: { ...anonymousBot, id: 136_817_688 }, sender_chat: { id: -100_9, type: "channel" } },
      "-1009",
    ],
    ["somebody with a person's number who speaks for a chat", { sender_chat: group }, String(group.id)],
  ])("%s is no person", (_, more, user) => {
    const author = authorOf(said(more));
    expect(author?.user).toBe(user);
    if (author !== null) expect(isPerson(author)).toBe(false);
  });

  test.each([
    ["a bot", { from: anonymousBot }],
    ["nobody", { from: undefined }],
    ["Telegram itself", { from: { id: 777_000, is_bot: false, first_name: "Telegram" } }],
    ["a channel whose posts are copied", { sender_chat: { id: -100_9, type: "channel" }, is_automatic_forward: true }],
  ])("%s is nobody to answer", (_, more) => {
    expect(authorOf(said(more))).toBeNull();
  });
});

test("only topics are places of their own", () => {
  expect(placeOf(said({ message_thread_id: 77, is_topic_message: true })).topic).toBe("77");
  expect(placeOf(said({ message_thread_id: 77 })).topic).toBeNull();
});

describe("what is for this bot", () => {
  const lineOf = (more: object) => commandLineOf(said(more), "Creel_Bot", commands);
  test.each([
    ["/status", "/status"],
    ["/status@creel_bot agent:ada", "/status agent:ada"],
    ["/unknown@Creel_Bot", "/unknown"],
    ["/start@Creel_Bot payload", "/start"],
    ["/status@other_bot", null],
    ["/unknown", null],
    ["/start", null],
    ["/status/x", null],
    ["status", null],
  ])("%s in a group: %s", (text, line) => {
    expect(lineOf({ text })).toBe(line);
  });

  test("in private everything is, except what somebody else wrote or another bot is asked", () => {
    const chat = { id: 4001, type: "private" };
    expect(lineOf({ chat, text: "good morning" })).toBe('/start words:"good morning"');
    expect(lineOf({ chat, text: "Status" })).toBe("Status");
    expect(lineOf({ chat, text: "/nonsense" })).toBe("/nonsense");
    expect(lineOf({ chat, text: "/status@other_bot" })).toBeNull();
    expect(lineOf({ chat, text: "/destroy agent:ada", forward_origin: { type: "user" } })).toBeNull();
    expect(lineOf({ chat, text: "/destroy agent:ada", via_bot: anonymousBot })).toBeNull();
    expect(lineOf({ chat, text: undefined })).toBeNull();
  });
});

test("what Creel does not know of an update leaves its number", () => {
  expect(readUpdate({ update_id: 3, edited_message: { text: "/status" } })).toEqual({ id: 3 });
  expect(readUpdate({ update_id: 4, message: { text: 5 } })).toEqual({ id: 4, unreadable: true });
  expect(readUpdate({ message: {} })).toBeNull();
});
