import { beforeEach, describe, expect, test } from "vitest";
import { parseAgentName } from "../../src/core/names.ts";
import { succeed } from "../../src/core/operation.ts";
import { memoryRegistry } from "../memory-registry.ts";
import { agentCalled, createDeskWorld, type DeskWorld, owner } from "./world.ts";

let world: DeskWorld;
beforeEach(() => {
  world = createDeskWorld(() => 1_000);
});

/** What it is refused with; else what the reply is. */
async function ask(command: string, options: Record<string, string> = {}) {
  const reply = await world.desk.submit(owner, { command, options, confirmation: null });
  if (reply.type !== "refused") return reply.type;
  const { code, userMessage, hint } = reply.error;
  return { code, userMessage, hint };
}

async function endNext(): Promise<void> {
  const { id } = await world.operations.nextEnqueued();
  world.operations.change(id, (operation) => succeed(operation, null, 2_000));
}

describe("a name that is missing", () => {
  test("could only be one of none when there are no agents", async () => {
    for (const command of ["logs", "restart", "destroy"]) {
      expect(await ask(command)).toMatchObject({ code: "not-found", userMessage: "There are no agents yet." });
    }
    await world.registry.put(agentCalled("ada"));
    expect(await ask("logs")).toMatchObject({ code: "input-invalid" });
  });

  test("of an operation could only be one of none when nothing is under way", async () => {
    const nothing = { code: "not-found", userMessage: "Nothing is under way." };
    expect(await ask("cancel")).toMatchObject(nothing);
    await ask("deploy", { name: "ada" });
    await ask("deploy", { name: "bob" });
    await endNext();
    expect(await ask("cancel")).toMatchObject({ code: "input-invalid" });
    await endNext();
    expect(await ask("cancel")).toMatchObject(nothing);
  });

  test("that nobody has to give is no matter", async () => {
    expect(await ask("status")).toBe("answer");
    expect(await ask("history")).toBe("answer");
    expect(await ask("deploy")).toMatchObject({ code: "input-invalid" });
  });
});

describe("an agent nobody knows", () => {
  const unknown = "There is no agent called adda.";

  test("is compared with those there are", async () => {
    expect(await ask("logs", { agent: "adda" })).toEqual({
      ...{ code: "not-found", userMessage: unknown },
      hint: "There are no agents yet: /deploy name:adda makes this one.",
    });
    await world.registry.put(agentCalled("zoe"));
    expect(await ask("logs", { agent: "adda" })).toMatchObject({ hint: "/status lists the agents there are." });
    await world.registry.put(agentCalled("ada"));
    expect(await ask("logs", { agent: "adda" })).toMatchObject({ hint: "Did you mean ada?" });
  });

  test("is not known by operations that have ended", async () => {
    await ask("deploy", { name: "adda" });
    expect(await ask("destroy", { agent: "adda" })).toBe("confirm");
    await endNext();
    expect(await ask("destroy", { agent: "adda" })).toMatchObject({ userMessage: unknown });
  });

  test("is not known for being on record, but to its history", async () => {
    const event = { atMs: 0, actor: owner, subject: "destroy", operation: null, note: null } as const;
    await world.audit.append({ ...event, what: "succeeded", agent: parseAgentName("adda") });
    expect(await ask("logs", { agent: "adda" })).toMatchObject({ userMessage: unknown });
    expect(await ask("history", { agent: "adda" })).toBe("answer");
  });
});

describe("an agent whose record cannot be read", () => {
  const registry = memoryRegistry();
  registry.spoil("ada", "broken");
  registry.spoil("bob", "newer");
  beforeEach(() => Object.assign(world.registry, registry));

  test("has a history, and nothing else is asked of it", async () => {
    expect(await ask("history", { agent: "ada" })).toBe("answer");
    expect(await ask("history", { agent: "bob" })).toBe("answer");
    expect(await ask("logs", { agent: "ada" })).toMatchObject({ code: "internal" });
    expect(await ask("logs", { agent: "bob" })).toMatchObject({ code: "unknown-version" });
  });

  test("is told from an agent whose record cannot be asked for at all", async () => {
    registry.get = async () => Promise.reject(new Error("The store is away."));
    Object.assign(world.registry, registry);
    expect(await ask("history", { agent: "zoe" })).toMatchObject({ code: "internal" });
  });
});
