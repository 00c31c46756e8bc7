import { expect, test } from "vitest";
import type { Actor } from "../../src/core/actor.ts";
import type { Reply } from "../../src/core/desk.ts";
import { Secret } from "../../src/core/secrets.ts";
import { QUESTION_MS, type TicketId } from "../../src/core/ticket.ts";
import { CANARY, lockCommand } from "./lock-command.ts";
import { createMemoryOfChannels } from "./memory-chat-state.ts";
import { createDeskWorld, people } from "./world.ts";

const mo: Actor = { channel: "telegram", user: "111", roles: [], name: "Mo" };
const zoe: Actor = { channel: "telegram", user: "222", roles: [], name: "Zoe" };
const eve: Actor = { channel: "telegram", user: "666", roles: [], name: "Eve" };
const origin = (key: string) => ({ place: { channel: "telegram" as const, chat: "-5", topic: null }, key });
const submission = { command: "lock", options: { name: "ada" }, confirmation: null };

function world() {
  const clock = { ms: 1_000_000, elapsed: 5_000 };
  const taken: string[] = [];
  const memory = createMemoryOfChannels(() => clock.ms);
  const make = () =>
    createDeskWorld(() => clock.ms, {
      commands: [lockCommand(taken)],
      authority: { owners: people({ telegram: [mo.user, zoe.user] }) },
      memory,
      elapsed: () => clock.elapsed,
    });
  const desk = make();
  const ask = async (actor = mo, key = "k1"): Promise<TicketId> => {
    const reply = await desk.desk.submit(actor, submission, origin(key));
    return reply.type === "ask-privately" ? reply.ticket : expect.fail(`It was answered by ${reply.type}.`);
  };
  const pass = (ms: number) => {
    clock.ms += ms;
    clock.elapsed += ms;
  };
  return { ...desk, clock, taken, ask, pass, memory, make };
}

const refusal = (reply: Reply) => (reply.type === "refused" ? reply.error : expect.fail(reply.type));

test("a good answer makes the operation, once, and is written nowhere", async () => {
  const { desk, ask, taken, operations, audit, memory, redact } = world();
  const ticket = await ask();
  const wrong = refusal(await desk.enter(mo, ticket, new Secret("canary-that-is-wrong")));
  expect(wrong).toMatchObject({ code: "key-refused", userMessage: "The lock does not take [redacted]." });
  const [one, other] = await Promise.all([1, 2].map(() => desk.enter(mo, ticket, new Secret(`\n ${CANARY}\t\r\n`))));
  expect([one?.type, other?.type]).toEqual(["operation", "refused"]);
  expect(taken).toEqual([CANARY]);
  expect(operations.all.size).toBe(1);
  const stored = await Promise.all((await memory.names("")).map((name) => memory.get(name)));
  const { events } = await audit.recent({ agent: null, limit: 100 });
  expect(events.length).toBeGreaterThan(0);
  expect(JSON.stringify([stored, events, [...operations.all.values()]])).not.toContain("canary");
  expect(redact(`log: ${CANARY}`)).not.toContain(CANARY);
});

test.each([
  ["nothing", " \n "],
  ["a short word", "hallo"],
  ["a sentence", "canary and more"],
  ["what nobody sees", `${CANARY}\u200b`],
  ["two lines", `${CANARY}\n${CANARY}`],
  ["a book", "canary".repeat(1_000)],
])("%s is refused without a word of it, and may be entered again", async (_, value) => {
  const { desk, ask, taken } = world();
  const ticket = await ask();
  const error = refusal(await desk.enter(mo, ticket, new Secret(value)));
  expect(error.code).toBe("input-invalid");
  expect(`${error.userMessage}${error.hint}`).not.toContain("canary");
  expect(taken).toEqual([]);
  expect((await desk.enter(mo, ticket, new Secret(CANARY))).type).toBe("operation");
});

test("nobody else's answer counts, and a stranger is asked and told nothing", async () => {
  const { desk, ask, taken, operations } = world();
  const ticket = await ask();
  expect(refusal(await desk.enter(zoe, ticket, new Secret(CANARY))).code).toBe("confirmation-required");
  expect(refusal(await desk.enter(eve, ticket, new Secret(CANARY))).code).toBe("not-permitted");
  await desk.leave(eve, ticket);
  await desk.leave(zoe, ticket);
  expect(await desk.askedInPrivate(eve)).toBeNull();
  expect(await desk.askedInPrivate(zoe)).toBeNull();
  expect([taken.length, operations.all.size]).toEqual([0, 0]);
  expect((await desk.askedInPrivate(mo))?.isOpen).toBe(true);
});

test("an answer after two minutes is none, whatever is done to the clock", async () => {
  const { desk, ask, clock, pass, taken } = world();
  const ticket = await ask();
  pass(QUESTION_MS - 1);
  expect((await desk.askedInPrivate(mo))?.isOpen).toBe(true);
  clock.ms -= 60_000;
  clock.elapsed += 2;
  expect((await desk.askedInPrivate(mo))?.isOpen).toBe(false);
  const { userMessage } = refusal(await desk.enter(mo, ticket, new Secret(CANARY)));
  expect(userMessage).toContain("more than two minutes");
  expect(taken).toEqual([]);
});

test("a new question takes the place of the one before, which nobody can answer any more", async () => {
  const { desk, ask } = world();
  const first = await ask(mo, "k1");
  const second = await ask(mo, "k2");
  expect(refusal(await desk.enter(mo, first, new Secret(CANARY))).code).toBe("confirmation-required");
  expect((await desk.enter(mo, second, new Secret(CANARY))).type).toBe("operation");
});

test("what was left is not open any more", async () => {
  const { desk, ask, taken } = world();
  const ticket = await ask();
  await desk.leave(mo, ticket);
  await desk.leave(mo, ticket);
  expect(await desk.askedInPrivate(mo)).toBeNull();
  expect((await desk.enter(mo, ticket, new Secret(CANARY))).type).toBe("refused");
  expect(taken).toEqual([]);
});

test("the question is still open, with its message, for a Creel that was started again", async () => {
  const { desk, ask, make, pass } = world();
  const ticket = await ask();
  await desk.bind(ticket, "telegram:111/5");
  pass(10_000);
  const next = make();
  expect(await next.desk.askedInPrivate(mo)).toMatchObject({ ticket, message: "telegram:111/5", isOpen: true });
  expect((await next.desk.enter(mo, ticket, new Secret(CANARY))).type).toBe("operation");
});
