import { beforeEach, describe, expect, test } from "vitest";
import { commands } from "../../commands/index.ts";
import type { Actor } from "../../src/core/actor.ts";
import type { Block, Message } from "../../src/core/message.ts";
import { history } from "../../src/questions/history.ts";
import type { Sources } from "../../src/questions/question.ts";
import { agentCalled, createDeskWorld, type DeskWorld, owner, stranger } from "../desk/world.ts";
import { createWorld } from "../operations/world.ts";

let nowMs: number;
let world: DeskWorld;
beforeEach(() => {
  nowMs = 1_000;
  world = createDeskWorld(() => nowMs);
});

async function ask(command: string, options: Record<string, string> = {}): Promise<Message> {
  const reply = await world.desk.submit(owner, { command, options, confirmation: null });
  if (reply.type !== "answer") throw new Error(`no answer but ${JSON.stringify(reply)}`);
  return reply.message;
}

const rowsOf = (blocks: readonly Block[]) => blocks.flatMap((block) => (block.type === "table" ? block.rows : []));

test("what is asked is what is answered", async () => {
  await world.registry.put(agentCalled("ada"));
  expect((await ask("status")).title).toBe("ada has lost its host.");
  expect((await ask("image")).title).toBe("The image is up to date.");
  await world.desk.submit(owner, { command: "deploy", options: { name: "bob" }, confirmation: null });
  const { id } = await world.operations.nextEnqueued();
  expect((await ask("cancel", { operation: id })).title).toBe("Deploying bob is being cancelled.");
  expect((await ask("cancel", { operation: id })).title).toBe("Deploying bob has already ended: cancelled.");
});

function fieldsOf({ blocks }: Message): readonly { readonly name: string; readonly value: string }[] {
  return blocks.flatMap((block) => (block.type === "fields" ? block.fields : []));
}

/** The default provider offers these regions. */
function offering(regions: () => Promise<string[]>): DeskWorld {
  const { provider } = createWorld({ provider: { name: "local" } });
  const offers = async () => ({ ...(await provider.offers()), regions: await regions() });
  return createDeskWorld(() => nowMs, { services: { providers: new Map([["local", { ...provider, offers }]]) } });
}

describe("help", () => {
  const explain = async (option: string) => {
    const fields = fieldsOf(await ask("help", { command: "deploy" }));
    return fields.find(({ name }) => name === `${option}:`)?.value;
  };

  test("is a list of all commands, unless one is asked about", async () => {
    const fields = fieldsOf(await ask("help"));
    expect(fields.map(({ value }) => value)).toEqual(commands.map(({ summary }) => summary));
    expect(fields.map(({ name }) => name.split(" ")[0])).toEqual(commands.map(({ name }) => `/${name}`));
  });

  test("says what else may be chosen where a provider offers it", async () => {
    world = offering(async () => ["A", "B", "C"]);
    expect(await explain("region")).toBe("The provider's region: A unless told, B, C");
    expect(await explain("name")).toBe("What to call the agent");
  });

  test.each<[string, () => Promise<never[]>]>([
    ["offers nothing", async () => []],
    ["is away", async () => Promise.reject(new Error("away"))],
  ])("explains all the same when the provider %s", async (_, regions) => {
    world = offering(regions);
    expect(await explain("region")).toBe("The provider's region");
  });
});

describe("history", () => {
  const event = { subject: "status", agent: null, operation: null, note: null } as const;
  const append = (actor: Actor, what: "requested" | "refused", atMs: number) =>
    world.audit.append({ ...event, actor, what, atMs });
  const page = async ({ lines: most = 20, page: number = 1 }: { readonly lines?: number; readonly page?: number }) => {
    const { services, operations, audit } = world;
    const strangers = { has: ({ user }: Actor) => user === stranger.user, flush: async () => undefined };
    const tools = { now: () => nowMs, redact: (text: string) => text };
    const sources: Sources = { ...{ actor: owner, place: null, services, operations, audit, strangers }, ...tools };
    const answer = await history.ask(sources, { agent: null, lines: most, page: number });
    const lines = answer.events.map(({ actor, atMs, attempts }) => `${actor.name} ${atMs} ${attempts ?? ""}`.trim());
    return { lines, hasOlder: answer.hasOlder };
  };

  test("has strangers' attempts on top of its lines, each on the page of what happened around it", async () => {
    await append(stranger, "refused", 0);
    await append(owner, "refused", 1);
    await append(stranger, "refused", 2);
    await append(owner, "requested", 3);
    await append(stranger, "refused", 4);
    await append(owner, "requested", 5);
    await append(stranger, "refused", 6);
    await append(owner, "requested", 7);
    expect(await page({ lines: 2 })).toEqual({ lines: ["Mo 7", "Eve 6 1", "Mo 5"], hasOlder: true });
    expect(await page({ lines: 2, page: 2 })).toEqual({ lines: ["Eve 4 2", "Mo 3", "Mo 1"], hasOlder: true });
    expect(await page({ lines: 2, page: 3 })).toEqual({ lines: ["Eve 0 1"], hasOlder: false });
  });

  test("counts what somebody did who is a stranger only now like everybody's", async () => {
    await append(stranger, "requested", 1);
    await append(stranger, "requested", 2);
    expect(await page({ lines: 1 })).toEqual({ lines: ["Eve 2"], hasOlder: true });
  });

  test("is up to date with attempts that were only counted so far", async () => {
    for (const name of ["a", "b", "c"]) {
      await world.desk.submit(stranger, { command: "deploy", options: { name }, confirmation: null });
    }
    expect(rowsOf((await ask("history")).blocks).map((row) => row.slice(1, 3))).toEqual([
      ["stranger eve (Eve)", "3 attempts"],
    ]);
  });
});
