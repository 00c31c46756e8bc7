import { beforeEach, describe, expect, test } from "vitest";
import type { Reply, Submission } from "../../src/core/desk.ts";
import { OpsError } from "../../src/core/errors.ts";
import { parseAgentName } from "../../src/core/names.ts";
import { succeed } from "../../src/core/operation.ts";
import { agentCalled, createDeskWorld, type DeskWorld, owner, stranger } from "./world.ts";

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
    expect(refusedWith(reply).code).toBe("not-permitted");
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

  test("see a refusal even when it cannot be written down", async () => {
    world.audit.append = async () => {
      throw new OpsError({ code: "store-unavailable", userMessage: "Redis is away." });
    };
    const error = refusedWith(await world.desk.submit(stranger, submission("help")));
    expect(error.code).toBe("not-permitted");
    expect(error.cause).toBeInstanceOf(AggregateError);
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
    expect(refusedWith(reply).code).toBe("confirmation-required");
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

  test("have a history all the same", async () => {
    expect(await world.desk.submit(owner, submission("history", { agent: "gone" }))).toMatchObject({ type: "answer" });
  });

  test("are known while their first deploy waits", async () => {
    await world.desk.submit(owner, submission("deploy", { name: "ada" }));
    expect(await world.desk.submit(owner, submission("destroy", { agent: "ada" }))).toMatchObject({ type: "confirm" });
  });
});

describe("cancel", () => {
  test("stops what goes on, once, and writes it down", async () => {
    await world.desk.submit(owner, submission("deploy", { name: "ada" }));
    const { id } = await world.operations.nextEnqueued();
    const reply = await world.desk.submit(owner, submission("cancel", { operation: id }));
    expect(reply).toMatchObject({ type: "answer", answer: { accepted: true, operation: { state: "cancelled" } } });
    expect(world.audit.events).toMatchObject([{ what: "cancel-requested", operation: id, agent: "ada" }]);
    const again = await world.desk.submit(owner, submission("cancel", { operation: id }));
    expect(again).toMatchObject({ type: "answer", answer: { accepted: false } });
    expect(world.audit.events).toHaveLength(1);
  });

  test("knows when there is nothing to stop", async () => {
    const reply = await world.desk.submit(owner, submission("cancel", { operation: "0123456789abcdef" }));
    expect(refusedWith(reply).code).toBe("not-found");
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
    expect((await world.desk.complete(owner, "help", "command", "h")).map((choice) => choice.value)).toEqual([
      "history",
      "help",
    ]);
    expect(await world.desk.complete(owner, "nope", "x", "")).toEqual([]);
    expect(await world.desk.complete(owner, "deploy", "nope", "")).toEqual([]);
  });
});

test("help explains one command by its options", async () => {
  const reply = await world.desk.submit(owner, submission("help", { command: "logs" }));
  expect(reply).toMatchObject({
    answer: { entries: [{ usage: "/logs agent: [lines:]" }, { usage: "agent:" }, { usage: "lines:" }] },
  });
});
