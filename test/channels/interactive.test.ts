import { afterEach, describe, expect, test } from "vitest";
import { OpsError } from "../../src/core/errors.ts";
import { message } from "../../src/core/message.ts";
import type { OperationId } from "../../src/core/names.ts";
import { finishStep, start, startStep, succeed } from "../../src/core/operation.ts";
import { logs } from "../../src/questions/logs.ts";
import { agentCalled, answering, createDeskWorld, owner, stranger } from "../desk/world.ts";
import { screenAfter } from "./screen-emulator.ts";
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
  await t.shows(/✓ Deployed ada in 14 s\.\n +✓ 1 step +1\.3 s\n +OpenClaw +2026\.9\.6\n +→ \/status agent:ada/);
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

  test("finds the middle of names, where nothing begins so, and loses nothing that was typed", async () => {
    const t = await terminal({
      before: async (world) => {
        for (const name of ["team-bot", "web-server", "web-service", "an-adder", "aladdin", "ada"])
          await world.registry.put(agentCalled(name));
      },
    });
    press(t, "/status bot", TAB);
    await t.shows(/\/status team-bot $/);
    press(t, "\x15/status agent:bot", TAB);
    await t.shows(/\/status agent:team-bot $/);
    press(t, "\x15/status serv", TAB);
    await t.shows(/\/status web-serv$/);
    press(t, "ic", TAB);
    await t.shows(/ice $/);
    press(t, "\x15/status dd", TAB, TAB);
    await t.shows(/aladdin +an-adder[\s\S]*\/status dd$/);
    press(t, "\x15/status ad", TAB);
    await t.shows(/\/status ada $/);
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

  describe("with an operation under way that would stop", () => {
    const leaving = { otherTerminals: () => 0 };

    async function leaveDuringDeploy(keys: string): Promise<{ t: TestTerminal; id: OperationId }> {
      const t = await terminal({ leaving });
      t.type("/deploy name:ada\r");
      const { id } = await t.world.operations.nextEnqueued();
      await t.shows(/Waiting for a free worker/);
      t.type(keys);
      await t.shows(/\? 1 deploy is under way\.[\s\S]*Deploying ada \(operation \w{16}\)[\s\S]*Type wait or leave: /);
      return { t, id };
    }

    test.each(["leave\r", CTRL_D])("asks once; %j leaves", async (answer) => {
      const { t } = await leaveDuringDeploy(`${CTRL_C}exit\r`);
      t.type(answer);
      expect(await t.exit).toBe(0);
    });

    test("wait leaves when it has ended", async () => {
      const { t, id } = await leaveDuringDeploy(CTRL_D);
      t.type("wait\r");
      await t.shows(/Deploying ada\n/);
      t.world.operations.change(id, (operation) => succeed(operation, null, 1_000_000));
      await t.shows(/Deployed ada/);
      expect(await t.exit).toBe(0);
    });

    test.each(["no\r", CTRL_C])("%j stays", async (answer) => {
      const { t } = await leaveDuringDeploy(CTRL_D);
      t.type(answer);
      await t.shows(/creel> $/);
    });
  });

  test("of a Creel that other terminals use says so", async () => {
    const t = await terminal({ leaving: { otherTerminals: () => 2 } });
    t.type(CTRL_D);
    await t.shows(/2 other terminals are attached\.[\s\S]*leave ends Creel for the others[\s\S]*Type leave/);
    t.type("leave\r");
    expect(await t.exit).toBe(0);
  });

  test("of one that goes on asks nothing", async () => {
    const t = await terminal();
    t.type("/deploy name:ada\r");
    await t.world.operations.nextEnqueued();
    await t.shows(/Waiting for a free worker/);
    t.type(`${CTRL_C}quit now, please\r`);
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
        commands: answering("logs", logs, async ({ agent }) => ({
          agent,
          lines: ["\x1b[2J\x1b]0;owned\x07fine", "\x1b[1;1Hhere"],
        })),
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

test("a separator that is pasted does not press Enter", async () => {
  const t = await terminal();
  t.type("/help\u2028/help\u2029x\u0085y\r");
  await t.shows(/\/help takes "\/help" as command:, and has no use for "x"[\s\S]*creel> $/);
});

test("an outcome stands apart, above a line of several rows and above a question", async () => {
  const t = await terminal({ columns: 41, before: (world) => world.registry.put(agentCalled("ada")) });
  const typed = `/status ${"agent:ada ".repeat(8)}`;
  t.type(typed);
  await t.shows(/agent:ada $/);
  t.notices.say(message("Something happened.", "bad", []));
  await t.shows(/Something happened/);
  const screen = () => screenAfter(t.raw(), 41).join("\n");
  await t.shows(/ada $/);
  expect(screen()).toMatch(/✗ Something happened\.\n\ncreel> \/status agent:ada agent:ada/);
  t.type("\x03");
  await t.shows(/creel> $/);
  t.type("/destroy ada\r");
  await t.shows(/Type ada to go ahead: /);
  t.notices.say(message("Another thing.", "bad", []));
  await t.shows(/✗ Another thing\.\n\nType ada to go ahead: /);
});

test("a terminal that has gone ends the session", async () => {
  const t = await terminal();
  t.loseOutput("EIO");
  expect(await t.exit).toBe(0);
});

test("a terminal that cannot be read any more ends the session, and that is said on standard error", async () => {
  const t = await openTerminal({ interactive: true });
  await t.shows(/Creel is ready/);
  t.breakInput("EIO");
  expect(await t.exit).toBe(1);
  expect(t.complained()).toMatch(/Standard input cannot be read any further[\s\S]*\(EIO\)/);
});
