import { afterEach, describe, expect, test } from "vitest";
import { OpsError } from "../../src/core/errors.ts";
import type { OperationId } from "../../src/core/names.ts";
import { finishStep, start, startStep, succeed } from "../../src/core/operation.ts";
import { agentCalled, createDeskWorld, owner, stranger } from "../desk/world.ts";
import { openTerminal, type TerminalOptions, type TestTerminal } from "./terminal.ts";

const CTRL_C = "\x03";
const CTRL_D = "\x04";
const TAB = "\t";

let open: TestTerminal | null = null;
afterEach(async () => {
  open?.stop.abort();
  await open?.exit;
  open = null;
});

async function terminal(options: Partial<TerminalOptions> = {}): Promise<TestTerminal> {
  open = await openTerminal({ interactive: true, ...options });
  await open.shows(/creel> /);
  return open;
}

/** Keys arrive one by one, as from a person; pasted tabs do not complete. */
function press(on: TestTerminal, ...keys: string[]) {
  for (const key of keys) on.type(key);
}

test("a deploy is watched from the first step to the outcome", async () => {
  const t = await terminal();
  t.type("/deploy name:ada\r");
  const { id } = await t.world.operations.nextEnqueued();
  await t.shows(/Deploying ada\n.*0 of 4 · 0 s\n/);
  await t.shows(/Waiting for a free worker/);
  t.advance(200);
  t.world.operations.change(id, (operation) => startStep(start(operation, 1_000_200), "validate", 1_000_200));
  await t.shows(/● Check the request +0 s[\s\S]*Next: create the host/);
  t.advance(1_300);
  t.world.operations.change(id, (operation) => finishStep(operation, "validate", {}, 1_001_500));
  await t.shows(/1 of 4 · 1 s[\s\S]*✓ Check the request +1\.3 s/);
  t.advance(12_000);
  t.world.operations.change(id, (operation) => succeed(operation, { version: "2026.9.6" }, 1_013_500));
  await t.shows(/✓ Deployed ada in 14 s\.\n +OpenClaw +2026\.9\.6\n +→ \/status agent:ada/);
  await t.shows(/creel> $/);
});

describe("Tab", () => {
  test("completes commands, options and agents", async () => {
    const t = await terminal({ before: (world) => world.registry.put(agentCalled("ada")) });
    press(t, "/sta", TAB);
    await t.shows(/\/status $/);
    press(t, "ag", TAB);
    await t.shows(/agent:$/);
    press(t, "a", TAB);
    await t.shows(/^ada $/);
  });

  test("offers what there is to choose from when pressed twice", async () => {
    const t = await terminal();
    press(t, "/h", TAB, TAB);
    await t.shows(/\/history +\/help/);
  });

  test("does nothing for strangers, nor when the store is away", async () => {
    const t = await terminal({ before: (world) => world.registry.put(agentCalled("ada")), actor: stranger });
    press(t, "/logs agent:a", TAB, "x");
    await t.shows(/agent:ax$/);
    t.world.desk.complete = async () => {
      throw new OpsError({ code: "store-unavailable", userMessage: "Redis is away." });
    };
    press(t, " agent:a", TAB, "y");
    await t.shows(/agent:ay$/);
  });
});

describe("a confirmation", () => {
  const before = (world: TestTerminal["world"]) => world.registry.put(agentCalled("ada"));

  test("is a question", async () => {
    const t = await terminal({ before });
    t.type("/destroy ada\r");
    await t.shows(/removes its host[\s\S]*Type ada to go ahead: /);
    t.type("ada\r");
    expect(await t.world.operations.nextEnqueued()).toMatchObject({ kind: "destroy" });
    await t.shows(/Removing ada/);
  });

  test.each(["no\r", "\r", CTRL_C])("answered with %j stops it", async (answer) => {
    const t = await terminal({ before });
    t.type("/destroy ada\r");
    await t.shows(/Type ada to go ahead: /);
    t.type(answer);
    await t.shows(/Nothing was done[\s\S]*creel> /);
    expect(t.world.operations.all.size).toBe(0);
    expect(t.world.audit.events).toMatchObject([{ what: "refused" }]);
  });
});

describe("Ctrl-C while watching", () => {
  test("lets the operation go on, and it can be watched again", async () => {
    const t = await terminal();
    t.type("/deploy name:ada\r");
    const { id } = await t.world.operations.nextEnqueued();
    await t.shows(/Waiting for a free worker/);
    t.type(CTRL_C);
    await t.shows(/Deploying ada goes on without you watching/);
    await t.shows(new RegExp(`watch ${id}\\s+→ /cancel operation:${id}\\s+creel> $`));
    t.world.operations.change(id, (operation) => succeed(operation, null, 1_000_000));
    t.type(`watch ${id}\r`);
    await t.shows(/Deployed ada in 0\.0 s/);
    expect(t.seen().split("Deployed ada")).toHaveLength(2);
  });
});

test("keys typed while watching are not lost and not shown before the prompt", async () => {
  const t = await terminal();
  t.type("/deploy name:ada\r");
  const { id } = await t.world.operations.nextEnqueued();
  await t.shows(/Waiting for a free worker/);
  t.type("/help\r/sta");
  t.world.operations.change(id, (operation) => succeed(operation, null, 1_000_000));
  await t.shows(/Deployed ada[\s\S]*creel> \/help\n[\s\S]*Commands[\s\S]*creel> \/sta$/);
  expect(t.seen().split("Deployed ada")[0]).not.toContain("/help\r");
});

describe("leaving", () => {
  test("by Ctrl-D", async () => {
    const t = await terminal();
    t.type(CTRL_D);
    expect(await t.exit).toBe(0);
  });

  test("by exit", async () => {
    const t = await terminal();
    t.type("exit\r");
    expect(await t.exit).toBe(0);
  });

  test("by Ctrl-C twice; once only says so, and anything typed in between counts anew", async () => {
    const t = await terminal();
    t.type(CTRL_C);
    await t.shows(/Press Ctrl-C again[\s\S]*creel> /);
    t.type("#\r");
    await t.shows(/creel> /);
    t.type("half a li");
    await t.shows(/half a li/);
    t.type(CTRL_C);
    await t.shows(/creel> /);
    t.type(CTRL_C);
    await t.shows(/Press Ctrl-C again[\s\S]*creel> /);
    t.type(CTRL_C);
    expect(await t.exit).toBe(0);
  });

  test("while an operation goes on says what becomes of it", async () => {
    const t = await terminal();
    t.type("/deploy name:ada\r");
    await t.world.operations.nextEnqueued();
    await t.shows(/Waiting for a free worker/);
    t.stop.abort();
    await t.shows(/Deploying ada has not ended\.[\s\S]*goes on wherever/);
    expect(await t.exit).toBe(0);
  });
});

test("what goes on from before is mentioned, and `watch` shows it", async () => {
  const t = await openTerminal({
    interactive: true,
    async before(world) {
      await world.desk.submit(owner, { command: "deploy", options: { name: "ada" }, confirmation: null });
    },
  });
  open = t;
  await t.shows(/Under way from before:\n +- Deploying ada, queued for 0 s: watch \w{16}[\s\S]*creel> /);
  t.type("watch\r");
  await t.shows(/Deploying ada\n/);
});

test("a dumb terminal gets plain lines", async () => {
  const t = await terminal({ cursor: false });
  t.type("/deploy name:ada\n");
  const { id } = await t.world.operations.nextEnqueued();
  t.world.operations.change(id, (operation) => finishStep(operation, "validate", {}, 1_000_000));
  t.world.operations.change(id, (operation) => succeed(operation, null, 1_000_000));
  await t.shows(/Deployed ada/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is what this is about
  expect(t.raw()).not.toMatch(/\x1b|\r/);
});

test("names from outside cannot move the cursor", async () => {
  const t = await terminal({
    world: (now) =>
      createDeskWorld(now, {
        questions: {
          logs: async (agent) => ({ type: "logs", agent, lines: ["\x1b[2J\x1b]0;owned\x07fine", "\x1b[1;1Hhere"] }),
        },
      }),
    before: (world) => world.registry.put(agentCalled("ada")),
  });
  t.type("/logs ada\r");
  await t.shows(/│ fine\n +│ here/);
  expect(t.raw()).not.toContain("\x1b[2J");
  expect(t.raw()).not.toContain("owned");
});

describe("an operation that nobody watches", () => {
  const end = (t: TestTerminal, id: OperationId) =>
    t.world.operations.change(id, (operation) => succeed(operation, {}, 1_002_000));

  async function deployAndLetGo(t: TestTerminal): Promise<OperationId> {
    t.type("/deploy name:ada\r");
    const { id } = await t.world.operations.nextEnqueued();
    await t.shows(/Waiting for a free worker/);
    t.type(CTRL_C);
    await t.shows(/goes on without you watching[\s\S]*creel> /);
    return id;
  }

  test("tells its outcome above the prompt when it was let go of", async () => {
    const t = await terminal();
    const id = await deployAndLetGo(t);
    t.type("/sta");
    await t.shows(/\/sta/);
    end(t, id);
    await t.shows(/✓ Deployed ada in 2\.0 s\.[\s\S]*creel> \/sta/);
  });

  test("tells its outcome when it was under way from before, and only once when it is watched again", async () => {
    const t = await terminal({
      before: async ({ operations }) => {
        const agent = agentCalled("ada").name;
        await operations.enqueue({ kind: "deploy", params: {}, agent, requestedBy: owner });
      },
    });
    const { id } = await t.world.operations.nextEnqueued();
    t.type("watch\r");
    await t.shows(/Deploying ada/);
    end(t, id);
    await t.shows(/✓ Deployed ada in[\s\S]*creel> /);
    expect(t.seen().match(/Deployed ada/g)).toHaveLength(1);
  });

  test("tells that it was cancelled", async () => {
    const t = await terminal();
    const id = await deployAndLetGo(t);
    t.type(`/cancel operation:${id}\r`);
    await t.shows(/Deploying ada was cancelled after/);
  });
});
