import { expect, test } from "vitest";
import { commands } from "../../commands/index.ts";
import { parseAgentName } from "../../src/core/names.ts";
import type { OperationDefinition } from "../../src/operations/definition.ts";
import { operations } from "../../src/operations/index.ts";
import { parseSettings, readerOf } from "../../src/settings.ts";
import { createConversation } from "../channels/chat/people.ts";
import { mo } from "../channels/chat/world.ts";
import { connect } from "../channels/discord/world.ts";
import { openTerminal } from "../channels/terminal.ts";
import { agentCalled, type DeskWorld } from "../desk/world.ts";
import { ask, crashPointsOf, run } from "../operations/crash-points.ts";
import { ada, createWorld, type WorldOptions } from "../operations/world.ts";

/*
 * What people would do with the question and the operation of CONTRIBUTING.md, which are there only where `contributing.test.ts` has put them.
 * It knows them by the lists.
 */

type Services = ReturnType<typeof createWorld>["services"];

function definitionOf(kind: string, services: Services, settings = ""): OperationDefinition {
  const found = operations.find((operation): boolean => operation.kind === kind);
  if (found === undefined) throw new Error(`No operation ${kind} is listed.`);
  return found.define(services, readerOf(parseSettings(settings, "creel.yaml")));
}

async function deployAda(services: Services): Promise<void> {
  const definition = definitionOf("deploy", services);
  await run(definition, ask(definition, { name: "ada", provider: null, region: null, size: null }, ada));
}

async function readOnHost({ providers, shells }: Services, file: string): Promise<string | null> {
  const [host] = (await Promise.all([...providers.values()].map((provider) => provider.list()))).flat();
  if (host === undefined) throw new Error("There is no host.");
  await using shell = await shells.connect(host);
  const { exitCode, stdout } = await shell.run(["cat", file]);
  return exitCode === 0 ? stdout : null;
}

const rm: NonNullable<NonNullable<WorldOptions["shells"]>["programs"]> = {
  rm: ({ files }, [, path = ""]) => {
    files.delete(path);
    return {};
  },
};

test("the question is answered at the terminal and in a chat", async () => {
  const put = (world: DeskWorld) => world.registry.put(agentCalled("ada"));
  const terminal = await openTerminal({ interactive: false, before: put });
  terminal.type("/where ada\n/help where\n");
  terminal.endInput();
  expect(await terminal.exit).toBe(0);
  expect(terminal.seen()).toMatch(/1 agent\.\n +Agent +Provider +Host\n +ada +local +none/);
  expect(terminal.seen()).toMatch(/\/where \[AGENT\]\n +Show where agents are/);

  const talk = createConversation();
  const [empty] = (await talk.type("/where")).said;
  expect(empty?.message).toMatchObject({ title: "0 agents.", actions: [{ label: "Deploy" }] });
  await put(talk.desk);
  const [said] = (await talk.type("/where")).said;
  expect(said?.message.blocks).toMatchObject([{ type: "table", rows: [["ada", "local", "none"]] }]);
  expect(await talk.desk.desk.complete(mo, "where", "agent", "a")).toMatchObject([{ value: "ada" }]);
});

test("both commands are in Discord's menu, which takes them", async () => {
  const { server } = await connect();
  const names = server.commands().map(({ name }) => name);
  expect(names).toEqual(commands.map(({ name }) => name));
  expect(names).toEqual(expect.arrayContaining(["where", "note"]));
});

test("the operation is asked for at the terminal, done on the host, and told", async () => {
  const terminal = await openTerminal({ interactive: false, before: ({ services }) => deployAda(services) });
  const { services, operations: journal } = terminal.world;
  terminal.type('/note ada "Do not feed."\n');
  const { id, params } = await journal.nextEnqueued();
  const definition = definitionOf("note", services);
  const { record } = await run(definition, ask(definition, params, ada, id));
  journal.change(id, () => record);
  terminal.endInput();
  expect(await terminal.exit).toBe(0);
  expect(terminal.seen()).toMatch(/Leaving a note with ada/);
  expect(terminal.seen()).toMatch(/Left a note with ada in [\s\S]*File +\/root\/note[\s\S]*\/status agent:ada/);
  expect(await readOnHost(services, "/root/note")).toBe("Do not feed.");
});

test("what is wrong with it is refused before it is durable", async () => {
  const terminal = await openTerminal({ interactive: false, before: ({ services }) => deployAda(services) });
  terminal.type("/note ada\n/note adda hello\n");
  terminal.endInput();
  expect(await terminal.exit).toBe(1);
  expect(terminal.seen()).toContain("/note needs text:");
  expect(terminal.seen()).toContain("Did you mean ada?");
  expect(terminal.world.operations.all.size).toBe(0);
});

const asked = { agent: parseAgentName("ada"), text: "Hello." };

test("it is safe to repeat wherever a worker dies, and takes back what it did when it is cancelled", async () => {
  const { services } = createWorld({ shells: { programs: rm } });
  await deployAda(services);
  const definition = definitionOf("note", services);
  for (const crash of crashPointsOf(definition)) {
    const { record } = await run(definition, ask(definition, asked, ada), { crash });
    expect((await run(definition, record)).record.state).toBe("succeeded");
  }
  const { record } = await run(definition, ask(definition, asked, ada), { cancelDuring: "write" });
  expect(record).toMatchObject({ state: "cancelled", failure: { leftBehind: [] } });
  expect(await readOnHost(services, "/root/note")).toBeNull();
});

test("its settings count, and those that cannot be are refused by name", async () => {
  const { services } = createWorld();
  await deployAda(services);
  const settings = "note: {file: /srv/note}";
  const definition = definitionOf("note", services, settings);
  await run(definition, ask(definition, asked, ada));
  expect(await readOnHost(services, "/srv/note")).toBe("Hello.");
  expect(() => parseSettings("note: {file: here}", "creel.yaml")).toThrow(/note\.file.*must be a whole path/);
  expect(() => parseSettings("note: {fiel: /x}", "creel.yaml")).toThrow(/note.*fiel/);

  const read = readerOf(parseSettings(settings, "creel.yaml"));
  const checks = operations.flatMap((operation) => operation.checks?.(services, read) ?? []);
  const check = checks.find(({ subject }) => subject === "notes");
  expect(await check?.look()).toBe("They are left in /srv/note.");
});
