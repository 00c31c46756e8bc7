import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { OpsError } from "../../../src/core/errors.ts";
import { agentCalled } from "../../desk/world.ts";
import { unavailable } from "./memory-chat.ts";
import { type Conversation, createConversation, type Exchange, eve } from "./people.ts";
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

describe("commands", () => {
  test("that start an operation are accepted in a word, and followed", async () => {
    const { how, message } = only(await talk.type("/deploy name:ada"));
    expect({ how, title: message.title }).toEqual({ how: "accept", title: "Deploying ada." });
    expect(talk.followed).toMatchObject([{ kind: "deploy", agent: "ada", place: here, requestedBy: mo }]);
  });

  test("that a chat delivers twice are done once", async () => {
    await talk.type("/deploy name:ada", mo, { key: "same" });
    await talk.type("/deploy name:ada", mo, { key: "same" });
    expect(talk.desk.operations.all.size).toBe(1);
  });

  test("are answered", async () => {
    expect(only(await talk.type("/status"))).toMatchObject({
      how: "answer",
      message: { title: "There are no agents yet.", presses: ["c:/deploy name:ada"] },
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
      const { message } = only(await talk.type(line, eve));
      expect(message).toMatchObject({
        title: "Sorry, only owners may ask Creel for this.",
        private: true,
        actions: [],
      });
      expect(talk.desk.audit.events).toMatchObject([{ what: "refused", actor: eve }]);
    },
  );

  test("that take longer than a second show that they do", async () => {
    talk = createConversation({
      questions: (clock) => ({
        status: async () => {
          await clock.sleep(1_500, new AbortController().signal);
          return { type: "status", agents: [], nowMs: clock.now() };
        },
      }),
    });
    const responder = talk.exchange();
    const read = () => ({ command: "status", options: {}, confirmation: null });
    const handled = talk.handler.command({ canPost: true, actor: mo, place: here, key: "k", read, responder });
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
      questions: (clock) => ({
        async status() {
          await answer.promise;
          return { type: "status", agents: [], nowMs: clock.now() };
        },
      }),
    });
    const responder = { ...talk.exchange(), wait: () => wait.promise };
    const read = () => ({ command: "status", options: {}, confirmation: null });
    const handled = talk.handler.command({ canPost: true, actor: mo, place: here, key: "k", read, responder });
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
      questions: () => ({
        status: async () => {
          throw new TypeError("undefined is not a function");
        },
      }),
    });
    expect(only(await talk.type("/status")).message.title).toContain("Something went wrong inside Creel");
    expect(talk.errors).toMatchObject([{ code: "internal" }]);
  });

  test("whose answer the chat does not take are not done again, and answered when it does", async () => {
    const responder = talk.exchange();
    responder.failures = [unavailable(35_000), unavailable()];
    const read = () => ({ command: "deploy", options: { name: "ada" }, confirmation: null });
    const handled = talk.handler.command({ canPost: true, actor: mo, place: here, key: "k", read, responder });
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
    await talk.handler.command({ canPost: true, actor: mo, place: here, key: "k", read, responder });
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
    expect(message.presses).toEqual(["c:/logs lines:5 agent:ada", "c:/logs lines:5 agent:bob"]);
    const pressed = await talk.press(talk.lastPosted(), message.presses[1] ?? "");
    expect(only(pressed).message).toMatchObject({ title: "The last line of bob" });
  });

  test("is refused as usual when there is nothing to choose", async () => {
    expect(only(await talk.type("/logs")).message.title).toBe("/logs needs agent:");
  });

  test("is refused as usual when it has to be made up", async () => {
    await talk.desk.registry.put(agentCalled("ada"));
    expect(only(await talk.type("/deploy")).message.title).toBe("/deploy needs name:");
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
    expect(only(pressed).message.title).toBe("Sorry, only owners may ask Creel for this.");
    expect(talk.desk.operations.all.size).toBe(0);
    expect(talk.desk.audit.events).toMatchObject([{ what: "refused", actor: eve }]);
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
