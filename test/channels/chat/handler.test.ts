import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { greetingLine } from "../../../commands/greeting.ts";
import type { Actor } from "../../../src/core/actor.ts";
import type { Place } from "../../../src/core/chat.ts";
import { OpsError } from "../../../src/core/errors.ts";
import { failureFrom, stick } from "../../../src/core/operation.ts";
import { status } from "../../../src/questions/status/status.ts";
import { agentCalled, answering, people } from "../../desk/world.ts";
import { unavailable } from "./memory-chat.ts";
import { type Conversation, createConversation, type Exchange, eve, onTime, zoe } from "./people.ts";
import { here, mo } from "./world.ts";

let talk: Conversation;
beforeEach(() => {
  talk = createConversation();
});
afterEach(() => {
  expect(talk.breaches).toEqual([]);
});

function only({ said }: Exchange) {
  const [first, ...more] = said;
  if (first === undefined || more.length > 0) throw new Error(`said ${said.length} things`);
  return first;
}

describe("strangers", () => {
  const others = Array.from({ length: 100 }, (_, index) => ({ ...eve, user: `7${String(index).padStart(17, "0")}` }));

  test("are told once an hour, each", async () => {
    for (const minutes of [0, 1, 30, 28]) {
      await talk.clock.advance(minutes * 60_000);
      await talk.type("/status", eve);
    }
    expect((await talk.type("/status", eve)).said).toEqual([]);
    expect((await talk.type("/status", { ...eve, user: zoe.user.replaceAll("2", "3") })).said).toHaveLength(1);
    await talk.clock.advance(60_000);
    expect((await talk.type("/status", eve)).said).toHaveLength(1);
  });

  test("are not waited for, and not tried again", async () => {
    const exchange = talk.exchange();
    const turnedAway = Promise.withResolvers<void>();
    exchange.turnAway = () => turnedAway.promise;
    await talk.handler.command({
      ...{ actor: eve, place: here, key: "1", canPost: true, responder: exchange, ...onTime },
      read: () => ({ command: "status", options: {}, confirmation: null }),
    });
    turnedAway.resolve();
  });

  test.each([
    ["one of them", [eve], /attempts$/],
    ["a hundred of them", others, /attempts$/],
  ])("%s cannot fill the history, nor what is kept of it", async (_, crowd) => {
    for (let index = 0; index < 25; index += 1) await talk.type("/nonsense");
    for (let round = 0; round < 20; round += 1) for (const actor of crowd) await talk.type("/status", actor);
    const { message } = only(await talk.type("/history"));
    const [table] = message.blocks;
    if (table?.type !== "table") throw new Error("no table");
    const ofStrangers = table.rows.filter(([, who = ""]) => /stranger/.test(who));
    expect(table.rows.length - ofStrangers.length).toBe(20);
    expect(ofStrangers.length).toBeLessThanOrEqual(4);
    const counts = ofStrangers.map(([, , what = ""]) => Number(/^(\d+) attempts?$/.exec(what)?.[1]));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20 * crowd.length);
    expect(talk.desk.audit.events.length).toBeLessThan(25 + 50);
  });
});

describe("commands", () => {
  test("that start an operation are accepted in a word, and followed", async () => {
    const { how, message } = only(await talk.type("/deploy name:ada"));
    expect({ how, title: message.title }).toEqual({ how: "accept", title: "Deploying ada." });
    expect(talk.followed).toMatchObject([{ kind: "deploy", agent: "ada", place: here, requestedBy: mo }]);
  });

  test("to go on with what is stuck promise a message only where there will be one", async () => {
    await talk.type("/deploy name:ada");
    const [operation] = talk.followed;
    if (operation === undefined) throw new Error("It was not asked for.");
    const cancelled = failureFrom(new OpsError({ code: "cancelled", userMessage: "Cancelled." }));
    talk.desk.operations.change(operation.id, (one) => stick(one, cancelled, 0));
    const retry = async (place: Place) =>
      JSON.stringify(only(await talk.type(`/retry ${operation.id}`, mo, { place })));
    const first = await retry(here);
    expect(first).toContain("Cleaning up after the deploy of ada.");
    expect(first).toContain("in a message of its own");
    const elsewhere: Place = { ...here, chat: "201" };
    expect(await retry(elsewhere)).toContain("It is told where they asked, and /status shows how it goes.");
    expect(await retry(here)).toContain("in a message of its own");
    const pressed = await talk.press({ place: elsewhere, id: "1" }, `c:/retry ${operation.id}`);
    expect(JSON.stringify(only(pressed))).toContain("It is told where they asked");
  });

  test("that a chat delivers twice are done once", async () => {
    await talk.type("/deploy name:ada", mo, { key: "same" });
    await talk.type("/deploy name:ada", mo, { key: "same" });
    expect(talk.desk.operations.all.size).toBe(1);
  });

  test("are answered", async () => {
    expect(only(await talk.type("/status"))).toMatchObject({
      how: "answer",
      message: { title: "There are no agents yet.", presses: ["c:/deploy"] },
    });
  });

  test("that cannot be read are refused in private, and are on record", async () => {
    const { message } = only(await talk.type('/deploy name:"ada'));
    expect(message).toMatchObject({ title: 'A " is missing at the end.', private: true });
    expect(talk.desk.audit.events).toMatchObject([{ what: "refused", actor: mo }]);
  });

  test.each(["/deploy name:ada", "/logs", "/nonsense", '/deploy name:"ada'])(
    "%s of strangers tells them nothing",
    async (line) => {
      await talk.desk.registry.put(agentCalled("ada"));
      const { how, message } = only(await talk.type(line, eve));
      expect(how).toBe("turn away");
      expect(message).toMatchObject({ title: "This bot is private.", private: true, actions: [] });
      expect(JSON.stringify(message)).toContain(eve.user);
      expect(JSON.stringify(message)).not.toMatch(/creel|openclaw|owners\.|yaml|ada/i);
      expect(talk.desk.audit.events).toMatchObject([{ what: "refused", actor: eve }]);
    },
  );

  test("that take longer than a second show that they do", async () => {
    talk = createConversation({
      commands: (clock) =>
        answering("status", status, async () => {
          await clock.sleep(1_500, new AbortController().signal);
          return { agents: [], unreadable: [] };
        }),
    });
    const responder = talk.exchange();
    const read = () => ({ command: "status", options: {}, confirmation: null });
    const handled = talk.handler.command({
      ...onTime,
      canPost: true,
      actor: mo,
      place: here,
      key: "k",
      read,
      responder,
    });
    await talk.clock.advance(900);
    expect(responder.waited()).toBe(false);
    await talk.clock.advance(200);
    expect(responder.waited()).toBe(true);
    await talk.clock.advance(1_000);
    await handled;
    expect(only(responder).how).toBe("answer");
  });

  test("are not answered before the word to wait has arrived", async () => {
    const wait = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<void>();
    talk = createConversation({
      commands: () =>
        answering("status", status, async () => {
          await answer.promise;
          return { agents: [], unreadable: [] };
        }),
    });
    const responder = { ...talk.exchange(), wait: () => wait.promise };
    const read = () => ({ command: "status", options: {}, confirmation: null });
    const handled = talk.handler.command({
      ...onTime,
      canPost: true,
      actor: mo,
      place: here,
      key: "k",
      read,
      responder,
    });
    await talk.clock.advance(1_100);
    answer.resolve();
    await talk.clock.advance(1_000);
    expect(responder.said).toEqual([]);
    wait.resolve();
    await handled;
    expect(responder.said).toHaveLength(1);
  });

  test("that fail inside Creel are refused and reported", async () => {
    talk = createConversation({
      commands: () =>
        answering("status", status, async () => {
          throw new TypeError("undefined is not a function");
        }),
    });
    expect(only(await talk.type("/status")).message.title).toContain("Something went wrong inside Creel");
    expect(talk.errors).toMatchObject([{ code: "internal" }]);
  });

  test("whose answer the chat does not take are not done again, and answered when it does", async () => {
    const responder = talk.exchange();
    responder.failures = [unavailable(35_000), unavailable()];
    const read = () => ({ command: "deploy", options: { name: "ada" }, confirmation: null });
    const handled = talk.handler.command({
      ...onTime,
      canPost: true,
      actor: mo,
      place: here,
      key: "k",
      read,
      responder,
    });
    await talk.clock.advance(34_900);
    expect(responder.failures).toHaveLength(1);
    await talk.clock.advance(2_000);
    await handled;
    expect(only(responder).how).toBe("accept");
    expect(talk.desk.operations.all.size).toBe(1);
    expect(talk.followed).toHaveLength(1);
  });

  test("that cannot be answered at all are reported, and nothing is thrown", async () => {
    const responder = talk.exchange();
    responder.failures = [new OpsError({ code: "chat-forbidden", userMessage: "Blocked." })];
    const read = () => ({ command: "help", options: {}, confirmation: null });
    await talk.handler.command({ ...onTime, canPost: true, actor: mo, place: here, key: "k", read, responder });
    expect(responder.said).toEqual([]);
    expect(talk.errors).toMatchObject([{ code: "chat-forbidden" }]);
  });
});

describe("a missing option", () => {
  test("is offered as choices that make the whole line", async () => {
    await talk.desk.registry.put(agentCalled("ada"));
    await talk.desk.registry.put(agentCalled("bob"));
    const { message } = only(await talk.type("/logs lines:5"));
    expect(message).toMatchObject({ title: "Which agent?", private: true });
    expect(message.actions.map(({ label }) => label)).toEqual(["ada (serving)", "bob (serving)"]);
    expect(message.presses).toEqual(["d:/logs lines:5 agent:ada", "d:/logs lines:5 agent:bob"]);
    const pressed = await talk.press(talk.lastPosted(), message.presses[1] ?? "");
    expect(only(pressed).message).toMatchObject({ title: "bob has no host." });
    // It was asked once.
    expect(pressed.disarmed).toBe(true);
  });

  test("is told to be none when there is nothing to choose", async () => {
    expect(only(await talk.type("/logs")).message.title).toBe("There are no agents yet.");
  });

  test("is asked for when it has to be made up", async () => {
    await talk.desk.registry.put(agentCalled("ada"));
    expect(only(await talk.type("/deploy")).message.title).toBe("What shall the new agent be called?");
  });

  test("is offered at most 25 times", async () => {
    for (let index = 0; index < 40; index += 1) await talk.desk.registry.put(agentCalled(`bot-${index}`));
    expect(only(await talk.type("/logs")).message.actions).toHaveLength(25);
  });
});

describe("buttons", () => {
  test("do what their line says, in the place where they are", async () => {
    const thread = { ...here, chat: "thread-7" };
    await talk.press({ place: thread, id: "7" }, "c:/deploy name:ada");
    expect(talk.followed).toMatchObject([{ agent: "ada", place: thread }]);
  });

  test("are refused to strangers", async () => {
    const pressed = await talk.press({ place: here, id: "7" }, "c:/deploy name:ada", eve);
    expect(only(pressed).message.title).toBe("This bot is private.");
    expect(talk.desk.operations.all.size).toBe(0);
    expect(talk.desk.audit.events).toMatchObject([{ what: "refused", actor: eve }]);
  });

  test("stay when they can be pressed again, and go when what they are about is gone", async () => {
    await talk.desk.registry.put(agentCalled("ada"));
    expect((await talk.press({ place: here, id: "7" }, "c:/status agent:ada")).disarmed).toBe(false);
    for (const command of ["status", "logs", "restart", "destroy"]) {
      const pressed = await talk.press({ place: here, id: "7" }, `c:/${command} agent:gone`);
      expect([only(pressed).message.tone, pressed.disarmed]).toEqual(["bad", true]);
    }
    const long = await talk.press({ place: here, id: "7" }, "k:no-such-line");
    expect(long.disarmed).toBe(true);
  });

  test("of an ordinary message go later where the chat asks to wait, and the answer does not wait for it", async () => {
    const responder = talk.exchange();
    let failures = 2;
    let disarmed = false;
    const disarm = async () => {
      failures -= 1;
      if (failures >= 0) throw unavailable(10_000);
      disarmed = true;
    };
    const given = { responder: { ...responder, disarm }, isOrdinary: true };
    await talk.press({ place: here, id: "7" }, "c:/status agent:gone", mo, given);
    expect([responder.said.length, disarmed]).toEqual([1, false]);
    await talk.clock.advance(25_000);
    expect(disarmed).toBe(true);
  });

  test("that go are no reason not to answer", async () => {
    const responder = talk.exchange();
    const failing = { ...responder, disarm: async () => Promise.reject(unavailable()) };
    await talk.press({ place: here, id: "7" }, "c:/status agent:gone", mo, { responder: failing });
    expect(responder.said).toHaveLength(1);
    expect(talk.errors.splice(0)).toMatchObject([{ code: "chat-unavailable" }]);
  });

  test.each(["k:no-such-line", "z:what", "", "k:"])("%j is too old, and nothing happens", async (press) => {
    const pressed = await talk.press({ place: here, id: "7" }, press);
    expect(only(pressed).message).toMatchObject({ title: "This button is too old to be pressed.", private: true });
  });
});

test("completion knows what the desk knows, and fails quietly", async () => {
  await talk.desk.registry.put(agentCalled("ada"));
  expect(await talk.handler.complete(mo, "status", "agent", "a")).toEqual([{ value: "ada", label: "ada (serving)" }]);
  expect(await talk.handler.complete(eve, "status", "agent", "a")).toEqual([]);
});

describe("in a chat of one person's own", () => {
  const tom: Actor = { channel: "telegram", user: "7001", roles: [], name: "Tom" };
  const stranger: Actor = { ...tom, user: "6666" };
  const place = { channel: "telegram" as const, chat: tom.user, topic: null };
  let own: Conversation;
  beforeEach(() => {
    own = createConversation({ authority: { owners: people({ telegram: [tom.user] }) } });
  });
  const say = (words: string, actor = tom) => own.type(greetingLine(words), actor, { place });

  test("who opens it or says something that is no command is greeted, strangers are refused as ever", async () => {
    for (const words of ["", "hello there", "constructor"]) {
      expect(only(await say(words)).message).toMatchObject({ title: "Hello, I am Creel.", private: true });
    }
    expect(only(await say("hello", stranger)).message.title).not.toContain("Hello");
  });

  test("a deploy without a name asks for it, and what is said next is the name, once", async () => {
    expect(only(await own.type("/deploy size:small", tom, { place })).message.title).toMatch(/^What shall/);
    expect(only(await say("two words")).message.title).toMatch(/^Hello/);
    await say("Bob. ");
    expect(own.followed).toMatchObject([{ agent: "bob", params: { name: "bob", size: "small" } }]);
    expect(only(await say("bob")).message.title).toMatch(/^Hello/);
    expect(own.followed).toHaveLength(1);
  });

  test("a name that comes after more than two minutes is none", async () => {
    await own.type("/deploy", tom, { place });
    await own.clock.advance(2 * 60_000 + 1);
    expect(only(await say("bob")).message.title).toMatch(/^Hello/);
    expect(own.followed).toEqual([]);
  });

  test("a name that waited while nobody was there is asked about", async () => {
    await own.type("/deploy", tom, { place });
    await own.type(greetingLine("bob"), tom, { place, isLate: async () => true });
    expect(own.late).toMatchObject([{ how: "wrote", line: "/deploy name:bob" }]);
    expect(own.followed).toEqual([]);
  });

  test("strangers are asked for nothing", async () => {
    expect(only(await own.type("/deploy", stranger, { place })).message.title).not.toMatch(/^What/);
  });
});
