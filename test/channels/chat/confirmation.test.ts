import { afterEach, beforeEach, expect, test } from "vitest";
import type { ChatMessage, Posted } from "../../../src/channels/channel.ts";
import type { Actor } from "../../../src/core/actor.ts";
import { agentCalled } from "../../desk/world.ts";
import { type Conversation, createConversation, eve, zoe } from "./people.ts";
import { here, mo } from "./world.ts";

let talk: Conversation;
let asked: { readonly message: ChatMessage; readonly posted: Posted };

beforeEach(async () => {
  talk = createConversation();
  await talk.desk.registry.put(agentCalled("ada"));
  const { said } = await talk.type("/destroy agent:ada");
  const [first] = said;
  if (first === undefined) throw new Error("nothing was asked");
  asked = { message: first.message, posted: talk.lastPosted() };
});
afterEach(() => {
  expect(talk.breaches).toEqual([]);
  expect(talk.errors).toEqual([]);
});

async function press(label: string, actor: Actor = mo, posted: Posted = asked.posted) {
  const index = asked.message.actions.findIndex((action) => action.label === label);
  return (await talk.press(posted, asked.message.presses[index] ?? "", actor)).said;
}

test("a question is private, with two answers", () => {
  expect(asked.message).toMatchObject({
    private: true,
    tone: "question",
    actions: [
      { label: "Destroy ada", tone: "danger" },
      { label: "Leave it", tone: "plain" },
    ],
  });
  expect(talk.desk.operations.all.size).toBe(0);
});

test("yes does it, and takes the question away", async () => {
  expect(await press("Destroy ada")).toMatchObject([
    { how: "replace", message: { title: "Removing ada.", actions: [], presses: [] } },
  ]);
  expect(talk.followed).toMatchObject([{ kind: "destroy", agent: "ada", requestedBy: mo, place: here }]);
});

test("no does nothing, and takes the question away", async () => {
  expect(await press("Leave it")).toMatchObject([
    { how: "replace", message: { title: "Nothing was done.", actions: [] } },
  ]);
  expect(talk.desk.operations.all.size).toBe(0);
  expect(await press("Destroy ada")).toMatchObject([{ how: "answer", message: { private: true, tone: "bad" } }]);
  expect(talk.desk.operations.all.size).toBe(0);
});

test("it counts once", async () => {
  await press("Destroy ada");
  expect(await press("Destroy ada")).toMatchObject([{ how: "answer", message: { private: true, tone: "bad" } }]);
  expect(talk.desk.operations.all.size).toBe(1);
});

const refused = [{ how: "answer", message: { private: true, tone: "bad" } }];
test.each([
  ["an owner who was not asked", zoe, [refused, refused]],
  ["a stranger", eve, [[{ how: "turn away", message: { private: true } }], []]],
])("%s cannot answer it, and the question stays", async (_, actor, told) => {
  for (const [index, label] of ["Destroy ada", "Leave it"].entries()) {
    expect(await press(label, actor)).toMatchObject(told[index] ?? []);
  }
  expect(talk.desk.operations.all.size).toBe(0);
  expect(await press("Destroy ada")).toMatchObject([{ how: "replace" }]);
});

test("it cannot be answered at another message", async () => {
  expect(await press("Destroy ada", mo, { place: here, id: "elsewhere" })).toMatchObject([{ how: "answer" }]);
  expect(talk.desk.operations.all.size).toBe(0);
});

test("it can be answered for two minutes", async () => {
  await talk.clock.advance(2 * 60_000 + 1);
  expect(await press("Destroy ada")).toMatchObject([{ how: "answer", message: { private: true, tone: "bad" } }]);
  expect(talk.desk.operations.all.size).toBe(0);
});
