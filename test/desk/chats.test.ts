import { beforeEach, describe, expect, test } from "vitest";
import type { Actor } from "../../src/core/actor.ts";
import type { Origin, Place } from "../../src/core/chat.ts";
import type { Reply, Submission, TicketId } from "../../src/core/desk.ts";
import { OpsError } from "../../src/core/errors.ts";
import { agentCalled, createDeskWorld, type DeskWorld, people } from "./world.ts";

const mia: Actor = { channel: "discord", user: "100000000000000001", roles: [], name: "Mia" };
const crew: Actor = { channel: "discord", user: "100000000000000002", roles: ["200000000000000001"], name: "Kim" };
const tom: Actor = { channel: "telegram", user: "7", roles: [], name: "Tom" };
const eve: Actor = { channel: "discord", user: "100000000000000666", roles: ["200000000000000009"], name: "Eve" };
const place: Place = { channel: "discord", chat: "300000000000000001", topic: null };
const MINUTE = 60_000;

let nowMs = 0;
let keys = 0;
let world: DeskWorld;
beforeEach(async () => {
  nowMs = 1_000;
  world = createDeskWorld(() => nowMs, {
    authority: {
      owners: people({ discord: { users: [mia.user], roles: [] }, telegram: [tom.user] }),
      operators: people({ discord: { users: [], roles: ["200000000000000001"] } }),
    },
    limits: { deploy: 2 },
  });
  await world.registry.put(agentCalled("ada"));
});

const origin = (key = `key-${++keys}`): Origin => ({ place, key });
const deploy = (name: string): Submission => ({ command: "deploy", options: { name }, confirmation: null });
const destroy: Submission = { command: "destroy", options: { agent: "ada" }, confirmation: null };
const refusal = (reply: Reply) => (reply.type === "refused" ? reply.error.code : reply.type);

async function ask(actor = mia): Promise<TicketId> {
  const reply = await world.desk.submit(actor, destroy, origin());
  if (reply.type !== "confirm" || reply.ticket === null) throw new Error(`no question but ${JSON.stringify(reply)}`);
  await world.desk.bind(reply.ticket, "message-1");
  return reply.ticket;
}

describe("authority", () => {
  test("is by user id or role id, and the same id in another chat is somebody else", async () => {
    expect(refusal(await world.desk.submit(mia, deploy("bob"), origin()))).toBe("operation");
    expect(refusal(await world.desk.submit(crew, deploy("eva"), origin()))).toBe("operation");
    expect(refusal(await world.desk.submit(eve, deploy("zoe"), origin()))).toBe("not-permitted");
    const namesake: Actor = { ...tom, channel: "discord" };
    expect(refusal(await world.desk.submit(namesake, deploy("zoe"), origin()))).toBe("not-permitted");
  });

  test("of operators ends where a confirmation is needed", async () => {
    expect(refusal(await world.desk.submit(crew, destroy, origin()))).toBe("not-permitted");
    expect(world.audit.events).toMatchObject([{ what: "refused", actor: { user: crew.user }, agent: "ada" }]);
  });
});

describe("a request that is delivered twice", () => {
  test("leads to one operation, told in the place it came from", async () => {
    const first = await world.desk.submit(mia, deploy("bob"), origin("same"));
    const second = await world.desk.submit(mia, deploy("bob"), origin("same"));
    expect(second).toEqual(first);
    expect(await world.operations.untold("discord")).toMatchObject([{ agent: "bob", place }]);
    expect(await world.operations.untold("telegram")).toEqual([]);
  });
});

describe("too many commands", () => {
  test("are refused with the time to wait, per person and command", async () => {
    for (const name of ["a", "b"]) await world.desk.submit(mia, deploy(name), origin());
    const reply = await world.desk.submit(mia, deploy("c"), origin());
    expect(refusal(reply)).toBe("rate-limited");
    expect(reply).toMatchObject({ error: { hint: expect.stringContaining("in 1 h") } });
    expect(refusal(await world.desk.submit(crew, deploy("c"), origin()))).toBe("operation");
    nowMs += 61 * MINUTE;
    expect(refusal(await world.desk.submit(mia, deploy("c"), origin()))).toBe("operation");
  });

  test("are not counted where nobody else can type", async () => {
    for (let i = 0; i < 5; i += 1) {
      expect(refusal(await world.desk.submit(mia, deploy(`bot-${i}`)))).toBe("operation");
    }
  });
});

describe("a confirmation that is typed along in a chat", () => {
  test("counts for nothing: the question is asked all the same", async () => {
    const reply = await world.desk.submit(mia, { ...destroy, confirmation: "ada" }, origin());
    expect(reply).toMatchObject({ type: "confirm", ticket: expect.any(String) });
    expect(world.operations.all.size).toBe(0);
  });

  test("does not get around the limits", async () => {
    for (const name of ["a", "b"]) await world.desk.submit(mia, { ...deploy(name), confirmation: "x" }, origin());
    const reply = await world.desk.submit(mia, { ...deploy("c"), confirmation: "x" }, origin());
    expect(refusal(reply)).toBe("rate-limited");
  });
});

describe("a credential in the wrong place", () => {
  const token = "7391846205:G2uLotGyRzsCw19fsE0Fmy-vzV4rxPQqAbC";
  test.each<[string, Submission]>([
    ["as a name", deploy(token)],
    ["as an agent", { ...destroy, options: { agent: token } }],
    ["as the command", { command: token, options: {}, confirmation: null }],
  ])("%s is refused, and no part of it is repeated or written down", async (_where, submission) => {
    const reply = await world.desk.submit(mia, submission, origin());
    expect(refusal(reply)).toBe("input-invalid");
    const seen = JSON.stringify([reply, world.audit.events]);
    expect(world.audit.events).toHaveLength(1);
    for (let at = 0; at + 8 <= token.length; at += 1) expect(seen).not.toContain(token.slice(at, at + 8));
  });
});

describe("what cannot be read", () => {
  const unreadable = new OpsError({ code: "input-invalid", userMessage: "A quote is missing." });
  test("is explained to owners and refused to strangers, and is on record for both", async () => {
    expect(await world.desk.refuse(mia, unreadable)).toEqual({ type: "refused", error: unreadable });
    expect(refusal(await world.desk.refuse(eve, unreadable))).toBe("not-permitted");
    expect(world.audit.events).toMatchObject([
      { what: "refused", actor: { user: mia.user }, note: "A quote is missing." },
      { what: "refused", actor: { user: eve.user } },
    ]);
  });
});

describe("a stranger who does not stop", () => {
  test("is always refused, and cannot push what matters out of the history", async () => {
    for (let i = 0; i < 100; i += 1) {
      expect(refusal(await world.desk.submit(eve, deploy("zoe"), origin()))).toBe("not-permitted");
    }
    expect(world.audit.events).toHaveLength(60);
    nowMs += 61 * MINUTE;
    await world.desk.submit(eve, deploy("zoe"), origin());
    expect(world.audit.events).toHaveLength(61);
  });
});

describe("a ticket", () => {
  test("goes ahead when who asked says yes at its message", async () => {
    const ticket = await ask();
    const reply = await world.desk.answer(mia, ticket, "message-1", "yes");
    expect(reply).toMatchObject({ type: "operation", operation: { kind: "destroy", requestedBy: mia, place } });
  });

  test("works once, also when yes is pressed twice at the same moment", async () => {
    const ticket = await ask();
    const both = await Promise.all([1, 2].map(() => world.desk.answer(mia, ticket, "message-1", "yes")));
    expect(both.filter(({ type }) => type === "operation").length).toBeGreaterThan(0);
    expect(world.operations.all.size).toBe(1);
    expect(refusal(await world.desk.answer(mia, ticket, "message-1", "yes"))).toBe("confirmation-required");
    expect(world.operations.all.size).toBe(1);
  });

  test.each<[string, Actor, string, number]>([
    ["by another owner", tom, "message-1", 0],
    ["by a stranger", eve, "message-1", 0],
    ["at another message", mia, "message-2", 0],
    ["after two minutes", mia, "message-1", 2 * MINUTE + 1],
    ["a day later", mia, "message-1", 24 * 60 * MINUTE],
  ])("does nothing %s, and the attempt is written down", async (_how, actor, message, laterMs) => {
    const ticket = await ask();
    nowMs += laterMs;
    expect(["not-permitted", "confirmation-required"]).toContain(
      refusal(await world.desk.answer(actor, ticket, message, "yes")),
    );
    expect(world.operations.all.size).toBe(0);
    expect(world.audit.events.at(-1)).toMatchObject({
      what: "refused",
      subject: "confirm",
      actor: { user: actor.user },
    });
  });

  test("that was answered by somebody else still waits for who asked", async () => {
    const ticket = await ask();
    await world.desk.answer(tom, ticket, "message-1", "yes");
    expect(refusal(await world.desk.answer(mia, ticket, "message-1", "yes"))).toBe("operation");
  });

  test("cannot be answered before it is bound to a message", async () => {
    const reply = await world.desk.submit(mia, destroy, origin());
    if (reply.type !== "confirm" || reply.ticket === null) throw new Error("no question");
    expect(refusal(await world.desk.answer(mia, reply.ticket, "message-1", "yes"))).toBe("confirmation-required");
  });

  test("is over after no", async () => {
    const ticket = await ask();
    expect(await world.desk.answer(mia, ticket, "message-1", "no")).toEqual({ type: "declined" });
    expect(world.audit.events).toMatchObject([{ what: "refused", subject: "destroy", note: "Nothing was done." }]);
    expect(refusal(await world.desk.answer(mia, ticket, "message-1", "yes"))).toBe("confirmation-required");
    expect(world.operations.all.size).toBe(0);
  });

  test("of somebody who is no owner any more does nothing", async () => {
    const ticket = await ask();
    const later = createDeskWorld(() => nowMs, { authority: { owners: people({}) }, memory: world.memory });
    expect(refusal(await later.desk.answer(mia, ticket, "message-1", "yes"))).toBe("not-permitted");
  });
});
