import { beforeEach, describe, expect, test } from "vitest";
import type { Actor } from "../../src/core/actor.ts";
import type { Origin, Place } from "../../src/core/chat.ts";
import type { Reply, Submission } from "../../src/core/desk.ts";
import { OpsError } from "../../src/core/errors.ts";
import type { TicketId } from "../../src/core/ticket.ts";
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
      owners: people({ discord: { users: [mia.user], roles: [] }, telegram: [tom.user, mia.user] }),
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

  test.each<[string, Actor]>([
    ["owners.discord.users", { ...mia, user: "5" }],
    ["owners.telegram", { ...tom, user: "5" }],
    ["owners.terminal", { channel: "terminal", user: "5", roles: [], name: "Kim" }],
  ])("is more for whom an owner adds to %s", async (setting, operator) => {
    const operators = people({ terminal: ["5"], discord: { users: ["5"], roles: [] }, telegram: ["5"] });
    const { desk, registry } = createDeskWorld(() => nowMs, { authority: { operators } });
    await registry.put(agentCalled("ada"));
    const reply = await desk.submit(operator, destroy);
    expect(reply).toMatchObject({ error: { hint: expect.stringContaining(`"5" to ${setting} in`) } });
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
  test("is ten deploys in an hour, unless told", async () => {
    world = createDeskWorld(() => nowMs, { authority: { owners: people({ telegram: [tom.user] }) } });
    for (let i = 0; i < 10; i += 1)
      expect(refusal(await world.desk.submit(tom, deploy(`bot-${i}`), origin()))).toBe("operation");
    expect(refusal(await world.desk.submit(tom, deploy("bot-10"), origin()))).toBe("rate-limited");
    const status = { command: "status", options: {}, confirmation: null };
    expect(refusal(await world.desk.submit(tom, status, origin()))).toBe("answer");
  });

  test("counts one that is asked about once", async () => {
    world = createDeskWorld(() => nowMs, {
      authority: { owners: people({ discord: { users: [mia.user], roles: [] } }) },
      limits: { destroy: 1 },
    });
    await world.registry.put(agentCalled("ada"));
    const ticket = await ask();
    expect(refusal(await world.desk.answer(mia, ticket, "message-1", "yes"))).toBe("operation");
  });

  test("are refused with the time to wait, per person and command", async () => {
    for (const name of ["a", "b"]) await world.desk.submit(mia, deploy(name), origin());
    const reply = await world.desk.submit(mia, deploy("c"), origin());
    expect(refusal(reply)).toBe("rate-limited");
    expect(reply).toMatchObject({ error: { hint: expect.stringContaining("in 1 h") } });
    expect(refusal(await world.desk.submit(crew, deploy("c"), origin()))).toBe("operation");
    nowMs += 61 * MINUTE;
    expect(refusal(await world.desk.submit(mia, deploy("d"), origin()))).toBe("operation");
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
    expect(world.audit.events).toHaveLength(1);
    nowMs += 61 * MINUTE;
    await world.desk.submit(eve, deploy("zoe"), origin());
    // What was counted, and the first one of the new hour.
    expect(world.audit.events.map(({ attempts }) => attempts)).toEqual([1, 99, 1]);
  });
});

describe("a ticket", () => {
  test("goes ahead when who asked says yes at its message", async () => {
    const ticket = await ask();
    const reply = await world.desk.answer(mia, ticket, "message-1", "yes");
    expect(reply).toMatchObject({ type: "operation", operation: { kind: "destroy", requestedBy: mia, place } });
    expect(world.audit.events).toEqual([]);
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
    ["by the same id in another chat", { ...tom, user: mia.user }, "message-1", 0],
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

  test.each<[string, Actor]>([
    ["who has the same id in another chat", { ...tom, channel: "telegram" }],
    ["of the same chat with another id", { ...tom, channel: "discord", user: "8" }],
  ])("is not another owner's to answer, %s", async (_who, other) => {
    const asker: Actor = { ...tom, channel: "discord" };
    const owners = people({ discord: { users: [tom.user, "8"], roles: [] }, telegram: [tom.user] });
    world = createDeskWorld(() => nowMs, { authority: { owners } });
    await world.registry.put(agentCalled("ada"));
    const ticket = await ask(asker);
    expect(refusal(await world.desk.answer(other, ticket, "message-1", "yes"))).toBe("not-permitted");
    expect(world.operations.all.size).toBe(0);
    expect(refusal(await world.desk.answer(asker, ticket, "message-1", "yes"))).toBe("operation");
  });

  test("is told from every other one", async () => {
    await world.registry.put(agentCalled("bob"));
    const first = await ask();
    const reply = await world.desk.submit(mia, { ...destroy, options: { agent: "bob" } }, origin());
    if (reply.type !== "confirm" || reply.ticket === null) throw new Error("no question");
    await world.desk.bind(reply.ticket, "message-2");
    for (const [ticket, message, agent] of [
      [first, "message-1", "ada"],
      [reply.ticket, "message-2", "bob"],
    ] as const) {
      expect(await world.desk.answer(mia, ticket, message, "yes")).toMatchObject({ operation: { agent } });
    }
  });

  test("that nobody ever opened cannot be bound to anything", async () => {
    const unknown = "nobody-opened-it" as TicketId;
    await world.desk.bind(unknown, "message-1");
    expect(await world.memory.get(`ticket:${unknown}`)).toBe(null);
    expect(refusal(await world.desk.answer(mia, unknown, "message-1", "yes"))).toBe("confirmation-required");
  });

  test.each<[string, number, string]>([
    ["at the end of its two minutes", 2 * MINUTE, "operation"],
    ["a moment later", 2 * MINUTE + 1, "came after more than two minutes"],
    ["a week later, when it is forgotten", 7 * 24 * 60 * MINUTE, "not open any more"],
    ["by a clock that was set back a little", -2 * MINUTE, "operation"],
    ["by a clock that was set back for good", -2 * MINUTE - 1, "came after more than two minutes"],
  ])("that is answered %s", async (_when, laterMs, expected) => {
    const ticket = await ask();
    nowMs += laterMs;
    const reply = await world.desk.answer(mia, ticket, "message-1", "yes");
    expect(reply.type === "refused" ? reply.error.userMessage : reply.type).toContain(expected);
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

  test.each(["yes", "no"] as const)(
    "answered with %s by somebody who is no owner any more stays open",
    async (yesNo) => {
      const ticket = await ask();
      const later = createDeskWorld(() => nowMs, { authority: { owners: people({}) }, memory: world.memory });
      expect(refusal(await later.desk.answer(mia, ticket, "message-1", yesNo))).toBe("not-permitted");
      expect(later.operations.all.size).toBe(0);
      expect(refusal(await world.desk.answer(mia, ticket, "message-1", "yes"))).toBe("operation");
    },
  );

  test("does nothing for a stranger even when it was once opened for that person", async () => {
    const ticket = await ask();
    expect(refusal(await world.desk.answer(eve, ticket, "message-1", "no"))).toBe("not-permitted");
    expect(world.audit.events.at(-1)).toMatchObject({
      subject: "decline",
      note: expect.stringContaining("private"),
    });
  });
});
