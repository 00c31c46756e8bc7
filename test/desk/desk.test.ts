import { beforeEach, describe, expect, test } from "vitest";
import type { HostSpec } from "../../services/provider/provider.ts";
import type { Reply, Submission } from "../../src/core/desk.ts";
import { OpsError } from "../../src/core/errors.ts";
import { parseAgentName, parseHostName, parseOperationId } from "../../src/core/names.ts";
import { succeed } from "../../src/core/operation.ts";
import { status } from "../../src/questions/status/status.ts";
import { agentCalled, answering, createDeskWorld, type DeskWorld, owner, stranger } from "./world.ts";

const MINUTE = 60_000;

let world: DeskWorld;
beforeEach(() => {
  world = createDeskWorld(() => 1_000);
});

function submission(
  command: string,
  options: Record<string, string> = {},
  confirmation: string | null = null,
): Submission {
  return { command, options, confirmation };
}

function refusedWith(reply: Reply): OpsError {
  if (reply.type !== "refused") throw new Error(`expected a refusal, got ${reply.type}`);
  return reply.error;
}

describe("strangers", () => {
  test.each(["deploy", "status", "help", "no-such-command"])("may not %s, and it is written down", async (command) => {
    const reply = await world.desk.submit(stranger, submission(command, { name: "ada" }));
    expect(refusedWith(reply)).toMatchObject({
      ...{ code: "not-permitted", userMessage: expect.stringContaining("only owners") },
      hint: expect.stringContaining('"eve"'),
    });
    expect(world.operations.all.size).toBe(0);
    expect(world.audit.events).toMatchObject([
      { what: "refused", actor: { user: "eve" }, subject: command, atMs: 1_000 },
    ]);
  });

  test("learn nothing", async () => {
    await world.registry.put(agentCalled("ada"));
    await world.desk.submit(owner, submission("deploy", { name: "bob" }));
    const { id } = await world.operations.nextEnqueued();
    expect(await world.desk.complete(stranger, "status", "agent", "")).toEqual([]);
    expect(await world.desk.unfinished(stranger)).toEqual([]);
    const watching = world.desk.watch(stranger, id, new AbortController().signal)[Symbol.asyncIterator]();
    await expect(watching.next()).rejects.toMatchObject({ code: "not-permitted" });
    expect(world.audit.events).toMatchObject([{ what: "refused", subject: "watch", actor: { user: "eve" } }]);
  });
});

describe("at the door of a chat", () => {
  test("only strangers are turned away, told once, and on record", async () => {
    const status = () => submission("status");
    expect(world.desk.turnAway(owner, status)).toBe(null);
    expect(world.audit.events).toEqual([]);
    expect(world.desk.turnAway(stranger, status)).toBe("tell");
    expect(world.desk.turnAway(stranger, status)).toBe("ignore");
    expect(world.audit.events).toMatchObject([{ what: "refused", subject: "status", actor: stranger }]);
  });

  test("what cannot be read is on record as that", () => {
    expect(world.desk.turnAway(stranger, () => null)).toBe("tell");
    expect(world.audit.events).toMatchObject([{ subject: "unreadable line" }]);
  });
});

test.each([owner, stranger])("a command of any length takes little of the record: $name's", async (actor) => {
  await world.desk.submit(actor, submission("x".repeat(1_000)));
  expect(world.audit.events).toMatchObject([{ subject: "x".repeat(40), agent: null }]);
});

test("owners watch operations to their end, and nothing is on record for it", async () => {
  await world.desk.submit(owner, submission("deploy", { name: "ada" }));
  const { id } = await world.operations.nextEnqueued();
  world.operations.change(id, (operation) => succeed(operation, null, 2_000));
  const watching = world.desk.watch(owner, id, new AbortController().signal)[Symbol.asyncIterator]();
  expect(await watching.next()).toMatchObject({ value: { state: "succeeded" } });
  expect(await watching.next()).toMatchObject({ done: true });
  expect(world.audit.events).toEqual([]);
});

describe("owners", () => {
  test("get a durable operation in their name", async () => {
    const reply = await world.desk.submit(owner, submission("deploy", { name: "ada" }));
    expect(reply).toMatchObject({
      type: "operation",
      operation: { kind: "deploy", agent: "ada", requestedBy: owner, state: "queued" },
    });
    expect(world.operations.all.size).toBe(1);
  });

  test("are told of an unknown command, and it is written down", async () => {
    expect(refusedWith(await world.desk.submit(owner, submission("deplyo"))).hint).toBe("Did you mean /deploy?");
    expect(world.audit.events).toMatchObject([{ what: "refused", subject: "deplyo" }]);
  });

  test("do not find credentials they pasted in the audit log", async () => {
    const token = `123456789:${"A".repeat(35)}`;
    await world.desk.submit(owner, submission("deploy", { name: token }));
    expect(world.audit.events).toHaveLength(1);
    expect(JSON.stringify(world.audit.events)).not.toContain("AAAAAA");
  });

  test("see what a question's failure quotes without the credentials in it", async () => {
    const key = `sk-${"a1B2c3D4".repeat(5)}`;
    const failed = new OpsError({
      ...{ code: "gateway-crashed", userMessage: `It stopped: ${key}.`, hint: `Look for ${key}.` },
      evidence: [`found ${key}`, "x".repeat(100_000)],
    });
    const failing = answering("status", status, async () => Promise.reject(failed));
    const { desk, audit } = createDeskWorld(() => 0, { commands: failing });
    const { userMessage, hint, evidence } = refusedWith(await desk.submit(owner, submission("status")));
    const [quoted = "", long = ""] = evidence;
    expect([userMessage, hint, quoted]).toEqual([
      "It stopped: [redacted].",
      "Look for [redacted].",
      "found [redacted]",
    ]);
    expect(long.length).toBeLessThan(1_000);
    expect(JSON.stringify(audit.events)).not.toContain("a1B2c3D4");
  });

  test("see a refusal even when it cannot be written down", async () => {
    world.audit.append = async () => {
      throw new OpsError({ code: "store-unavailable", userMessage: "Redis is away." });
    };
    expect(refusedWith(await world.desk.submit(stranger, submission("help"))).code).toBe("not-permitted");
    const error = refusedWith(await world.desk.submit(owner, submission("hlep")));
    expect(error.code).toBe("input-invalid");
    expect(error.cause).toMatchObject({ errors: [{ code: "input-invalid" }, { code: "store-unavailable" }] });
  });

  test("are told when the store is away", async () => {
    world.operations.enqueue = async () => {
      throw new OpsError({ code: "store-unavailable", userMessage: "Redis is away.", retry: "later" });
    };
    expect(refusedWith(await world.desk.submit(owner, submission("deploy", { name: "ada" }))).code).toBe(
      "store-unavailable",
    );
  });
});

describe("confirmation", () => {
  beforeEach(() => world.registry.put(agentCalled("ada")));

  test("is asked for first, and nothing happens meanwhile", async () => {
    expect(await world.desk.submit(owner, submission("destroy", { agent: "ada" }))).toMatchObject({
      type: "confirm",
      expected: "ada",
    });
    expect(world.operations.all.size).toBe(0);
    expect(world.audit.events).toEqual([]);
  });

  test.each(["", "adam", "yes", " "])("%j is not enough, and it is written down", async (typed) => {
    const reply = await world.desk.submit(owner, submission("destroy", { agent: "ada" }, typed));
    expect(refusedWith(reply)).toMatchObject({
      code: "confirmation-required",
      userMessage: expect.stringContaining(typed.trim() === "" ? "not confirmed" : "does not match"),
    });
    expect(world.operations.all.size).toBe(0);
    expect(world.audit.events).toMatchObject([{ what: "refused", agent: "ada" }]);
  });

  test.each(["ada", " Ada "])("%j goes ahead", async (typed) => {
    const reply = await world.desk.submit(owner, submission("destroy", { agent: "ada" }, typed));
    expect(reply).toMatchObject({ type: "operation", operation: { kind: "destroy", params: { agent: "ada" } } });
  });
});

describe("agents nobody knows", () => {
  test("are refused before anything is asked", async () => {
    await world.registry.put(agentCalled("ada"));
    const error = refusedWith(await world.desk.submit(owner, submission("destroy", { agent: "adda" })));
    expect(error).toMatchObject({ code: "not-found", hint: "Did you mean ada?" });
  });

  test("have a history if they were there once, and a mistyped name never was", async () => {
    const ask = () => world.desk.submit(owner, submission("history", { agent: "gone" }));
    expect(refusedWith(await ask()).userMessage).toBe("There is no agent called gone.");
    expect(refusedWith(await ask()).code).toBe("not-found");
    const event = { atMs: 0, actor: owner, subject: "destroy", operation: null, note: null } as const;
    await world.audit.append({ ...event, what: "succeeded", agent: parseAgentName("gone") });
    expect(await ask()).toMatchObject({ type: "answer", message: { blocks: [{ rows: { length: 3 } }] } });
  });

  test("are known to history by an operation whose events are gone", async () => {
    await world.desk.submit(owner, submission("deploy", { name: "ada" }));
    const { id } = await world.operations.nextEnqueued();
    world.operations.change(id, (operation) => succeed(operation, null, 2_000));
    expect(await world.desk.submit(owner, submission("history", { agent: "ada" }))).toMatchObject({ type: "answer" });
  });

  test("are known while their first deploy waits", async () => {
    await world.desk.submit(owner, submission("deploy", { name: "ada" }));
    expect(await world.desk.submit(owner, submission("destroy", { agent: "ada" }))).toMatchObject({ type: "confirm" });
  });
});

describe("what can be known to fail", () => {
  const other = parseOperationId("0000000000000001");
  const hostOfAda: HostSpec = {
    ...{ name: parseHostName("ada-000001"), agents: [parseAgentName("ada")], operation: other },
    ...{ region: null, size: null, image: "image-1", hostKeyFingerprint: "k".repeat(52) },
    ...{ system: "memory", firstBoot: { format: "none" }, openings: [] },
  };

  async function expectRefused(asked: Submission, code: string) {
    const before = world.operations.all.size;
    const error = refusedWith(await world.desk.submit(owner, asked));
    expect(error.code).toBe(code);
    expect(world.operations.all.size).toBe(before);
    expect(world.audit.events.at(-1)).toMatchObject({ what: "refused", operation: null, note: error.userMessage });
    return error;
  }

  test.each([
    ["deploy", { name: "ada" }, "already-exists"],
    ["deploy", { name: "bob", provider: "nowhere" }, "input-invalid"],
    ["deploy", { name: "bob", region: "moon" }, "input-invalid"],
    ["deploy", { name: "bob", size: "gigantic" }, "input-invalid"],
    ["restart", { agent: "bob" }, "not-found"],
    ["restart", { agent: "broken" }, "wrong-state"],
    ["restart", { agent: "lost" }, "host-gone"],
    ["destroy", { agent: "bob" }, "not-found"],
    ["logs", { agent: "bob" }, "not-found"],
    ["status", { agent: "bob" }, "not-found"],
    ["history", { agent: "bob" }, "not-found"],
    ["cancel", { operation: "0123456789abcdef" }, "not-found"],
  ])("/%s %j is refused before there is an operation, and on record", async (command, options, code) => {
    await world.registry.put(agentCalled("ada"));
    await world.registry.put(agentCalled("broken", { state: "failed" }));
    await world.registry.put(agentCalled("lost", { host: parseHostName("lost-000001") }));
    await expectRefused(submission(command, options), code);
  });

  test("of an agent that is under way depends on what is under way", async () => {
    const ask = (command: string, options: Record<string, string>, confirmation: string | null = null) =>
      world.desk.submit(owner, submission(command, options, confirmation));
    const end = async () => {
      const { id } = await world.operations.nextEnqueued();
      world.operations.change(id, (operation) => succeed(operation, null, 2_000));
    };
    await ask("deploy", { name: "ada" });
    await expectRefused(submission("deploy", { name: "ada" }), "already-exists");
    expect(await ask("restart", { agent: "ada" })).toMatchObject({ type: "operation" });
    await expectRefused(submission("restart", { agent: "ada" }), "wrong-state");
    await end();
    await end();
    await world.provider.create(hostOfAda, new AbortController().signal);
    await world.registry.put(agentCalled("ada", { host: hostOfAda.name }));
    expect(await ask("restart", { agent: "ada" })).toMatchObject({ type: "operation" });
    await end();

    expect(await ask("destroy", { agent: "ada" }, "ada")).toMatchObject({ type: "operation" });
    await expectRefused(submission("destroy", { agent: "ada" }), "wrong-state");
    await expectRefused(submission("restart", { agent: "ada" }), "wrong-state");
  });

  test("does not keep a name from being deployed again while its agent is being removed", async () => {
    await world.registry.put(agentCalled("ada"));
    await world.desk.submit(owner, submission("destroy", { agent: "ada" }, "ada"));
    expect(await world.desk.submit(owner, submission("deploy", { name: "ada" }))).toMatchObject({ type: "operation" });
  });

  test("refuses a name whose host exists although nobody knows the agent", async () => {
    await world.provider.create(hostOfAda, new AbortController().signal);
    const error = await expectRefused(submission("deploy", { name: "ada" }), "already-exists");
    expect(error.hint).toContain("creel adopt");
  });

  test("is not what may work in a moment", async () => {
    world.provider.list = async () => {
      throw new OpsError({ code: "provider-failed", userMessage: "It has a bad day." });
    };
    expect(await world.desk.submit(owner, submission("deploy", { name: "ada" }))).toMatchObject({ type: "operation" });
  });
});

describe("completion", () => {
  test("offers agents, at most 25", async () => {
    for (let index = 0; index < 30; index += 1) await world.registry.put(agentCalled(`bot-${index}`));
    await world.registry.put(agentCalled("ada"));
    expect(await world.desk.complete(owner, "status", "agent", "A")).toEqual([
      { value: "ada", label: "ada (serving)" },
    ]);
    expect(await world.desk.complete(owner, "status", "agent", "bot")).toHaveLength(25);
  });

  test("offers operations that can still be stopped", async () => {
    await world.desk.submit(owner, submission("deploy", { name: "ada" }));
    await world.desk.submit(owner, submission("deploy", { name: "bob" }));
    const ada = await world.operations.nextEnqueued();
    const bob = await world.operations.nextEnqueued();
    world.operations.change(ada.id, (operation) => succeed(operation, null, 2_000));
    expect(await world.desk.complete(owner, "cancel", "operation", "")).toEqual([
      { value: bob.id, label: "deploy bob queued" },
    ]);
    expect((await world.desk.unfinished(owner)).map((operation) => operation.agent)).toEqual([parseAgentName("bob")]);
  });

  test("offers choices, and nothing for what does not exist", async () => {
    expect((await world.desk.complete(owner, "image", "action", "b")).map((choice) => choice.value)).toEqual(["build"]);
    expect((await world.desk.complete(owner, "help", "command", "he")).map((choice) => choice.value)).toContain("help");
    expect((await world.desk.complete(owner, "help", "command", "istor")).map((choice) => choice.value)).toEqual([
      "history",
    ]);
    expect((await world.desk.complete(owner, "deploy", "region", "ther")).map((choice) => choice.value)).toEqual([
      "there",
    ]);
    expect(await world.desk.complete(owner, "nope", "x", "")).toEqual([]);
    expect(await world.desk.complete(owner, "deploy", "nope", "")).toEqual([]);
  });
});

test("history comes in pages of as many lines as asked for", async () => {
  const event = {
    actor: owner,
    what: "requested",
    subject: "deploy",
    agent: null,
    operation: null,
    note: null,
  } as const;
  world = createDeskWorld(() => 8 * MINUTE);
  for (let minute = 0; minute < 5; minute += 1) await world.audit.append({ ...event, atMs: minute * MINUTE });
  const page = async (options: Record<string, string>) => {
    const reply = await world.desk.submit(owner, submission("history", options));
    if (reply.type !== "answer") throw new Error("no history");
    const { blocks, actions } = reply.message;
    const rows = blocks.flatMap((block) => (block.type === "table" ? block.rows : []));
    return { ago: rows.map(([when]) => when), hasOlder: actions.length > 0 };
  };
  expect(await page({ lines: "2" })).toEqual({ ago: ["4 min ago", "5 min ago"], hasOlder: true });
  expect(await page({ lines: "2", page: "2" })).toEqual({ ago: ["6 min ago", "7 min ago"], hasOlder: true });
  expect(await page({ lines: "2", page: "3" })).toEqual({ ago: ["8 min ago"], hasOlder: false });
  expect(await page({ lines: "2", page: "4" })).toEqual({ ago: [], hasOlder: false });
  expect((await page({})).ago).toHaveLength(5);
  // What became of an operation is one line, also where a page ends.
  const operation = parseOperationId("0000000000000001");
  for (const [index, what] of (["requested", "started", "succeeded"] as const).entries())
    await world.audit.append({ ...event, what, operation, atMs: (5 + index) * MINUTE });
  expect(await page({ lines: "2" })).toEqual({ ago: ["1 min ago", "4 min ago"], hasOlder: true });
  expect(await page({ lines: "2", page: "2" })).toEqual({ ago: ["5 min ago", "6 min ago"], hasOlder: true });
});

test("help explains one command by its options", async () => {
  const reply = await world.desk.submit(owner, submission("help", { command: "logs" }));
  expect(reply).toMatchObject({
    message: { title: "/logs AGENT [LINES]", blocks: [{}, { fields: [{ name: "agent:" }, { name: "lines:" }] }] },
  });
});

test("help says what a provider offers", async () => {
  const reply = await world.desk.submit(owner, submission("help", { command: "deploy" }));
  expect(reply).toMatchObject({
    message: {
      blocks: [
        {},
        {
          fields: expect.arrayContaining([
            { name: "region:", value: "The provider's region: here unless told, there" },
          ]),
        },
      ],
    },
  });
});
