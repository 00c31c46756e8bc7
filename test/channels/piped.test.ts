import { afterEach, expect, test } from "vitest";
import { OpsError } from "../../src/core/errors.ts";
import { fail, failStep, failureFrom, finishStep, start, startStep, succeed } from "../../src/core/operation.ts";
import { agentCalled, stranger } from "../desk/world.ts";
import { openTerminal, type TerminalOptions, type TestTerminal } from "./terminal.ts";

let open: TestTerminal | null = null;
afterEach(async () => {
  open?.stop.abort();
  await open?.exit;
  open = null;
});

async function pipe(lines: string, options: Partial<TerminalOptions> = {}): Promise<TestTerminal> {
  open = await openTerminal({ interactive: false, ...options });
  open.type(lines);
  open.endInput();
  return open;
}

test("each line runs, waits for its operation, and prints steps as they end", async () => {
  const t = await pipe("# set up\n\n/deploy name:ada\n/status\n");
  const { id } = await t.world.operations.nextEnqueued();
  await t.shows(/creel> \/deploy name:ada\nDeploying ada \(operation \w{16}\)\n/);
  expect(t.seen()).not.toContain("/status");
  t.world.operations.change(id, (operation) => startStep(start(operation, 1_000_000), "validate", 1_000_000));
  t.world.operations.change(id, (operation) => finishStep(operation, "validate", {}, 1_000_400));
  await t.shows(/ {2}✓ Check the request +0\.4 s\n/);
  t.world.operations.change(id, (operation) => succeed(operation, null, 1_002_000));
  await t.shows(/✓ Deployed ada in 2\.0 s\.[\s\S]*creel> \/status\nThere are no agents yet/);
  expect(await t.exit).toBe(0);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is what this is about
  expect(t.raw()).not.toMatch(/\x1b|\r/);
});

test("a failure explains itself, later lines still run, and the end names what failed", async () => {
  const t = await pipe("/deploy name:ada\n/nope\n/help\n");
  const { id } = await t.world.operations.nextEnqueued();
  const error = new OpsError({
    code: "gateway-crashed",
    userMessage: "The gateway stopped by itself.",
    hint: "Look at its log.",
    evidence: ["\x1b[31mpanic\x1b[0m: no disk"],
  });
  t.world.operations.change(id, (operation) =>
    fail(
      failStep(startStep(start(operation, 1_000_000), "ready", 1_000_000), "ready", 1_003_000),
      failureFrom(error, { leftBehind: ["Host ada-1 exists."], nextCommands: ["/logs agent:ada"] }),
      1_003_000,
    ),
  );
  expect(await t.exit).toBe(1);
  expect(t.seen()).toMatch(
    /✗ Deploying ada failed after 3\.0 s, at “Wait until the gateway is ready”\.\n +The gateway stopped by itself\.\n +Look at its log\.\n[\s\S]*│ panic: no disk\n +What exists now:\n +- Host ada-1 exists\.\n +Operation {2}\w+\n +→ \/logs agent:ada/,
  );
  expect(t.seen()).toMatch(/Commands\n/);
  expect(t.seen()).toMatch(
    /✗ 2 of 3 commands failed\.[\s\S]*line 1, \/deploy name:ada: the gateway stopped[\s\S]*line 2, \/nope: there is no command/,
  );
});

test("a confirmation comes with the line", async () => {
  const t = await pipe("/destroy agent:ada\n/destroy agent:ada confirm:ada\n", {
    before: (world) => world.registry.put(agentCalled("ada")),
  });
  const { id } = await t.world.operations.nextEnqueued();
  t.world.operations.change(id, (operation) => succeed(operation, null, 1_000_000));
  expect(await t.exit).toBe(1);
  expect(t.seen()).toMatch(
    /\? This stops ada[\s\S]*Add confirm:ada to the line[\s\S]*Nothing was done[\s\S]*✓ Removed ada/,
  );
  expect(t.seen()).toMatch(/1 of 2 commands failed/);
});

test("no lines at all is a success; carriage returns and a missing last line end do no harm", async () => {
  expect(await (await pipe("")).exit).toBe(0);
  expect(await (await pipe("/help\r\n/help deploy")).exit).toBe(0);
  expect(open?.seen()).toContain("/deploy NAME [provider:]");
});

test("strangers are refused", async () => {
  const t = await pipe("/status\n", { actor: stranger });
  expect(await t.exit).toBe(1);
  expect(t.seen()).toContain("only owners");
});

test("a signal ends it and says that the operation goes on", async () => {
  const t = await pipe("/deploy name:ada\n/status\n");
  await t.world.operations.nextEnqueued();
  await t.shows(/Deploying ada/);
  t.stop.abort();
  expect(await t.exit).toBe(130);
  expect(t.seen()).toContain("Deploying ada has not ended.");
  expect(t.seen()).not.toContain("/status\n");
  expect(t.seen()).toContain("Line 2 and what follows were not done.");
});

test("a signal during the last line leaves nothing out", async () => {
  const t = await pipe("/deploy name:ada\n\n# that is all\n");
  await t.world.operations.nextEnqueued();
  await t.shows(/Deploying ada/);
  t.stop.abort();
  expect(await t.exit).toBe(130);
  expect(t.seen()).not.toContain("not done");
});

test("an operation that has ended already shows its outcome at once", async () => {
  let id = "";
  const t = await openTerminal({
    interactive: false,
    async before(world) {
      const operation = await world.operations.enqueue({
        kind: "deploy",
        params: {},
        agent: agentCalled("ada").name,
        requestedBy: stranger,
      });
      id = operation.id;
      world.operations.change(operation.id, (current) => succeed(current, null, 1_000_000));
    },
  });
  open = t;
  t.type(`watch ${id}\nwatch 0123456789abcdef\n`);
  t.endInput();
  expect(await t.exit).toBe(1);
  expect(t.seen()).toMatch(/Deployed ada in[\s\S]*There is no operation 0123456789abcdef/);
  expect(t.seen()).not.toContain("Deploying ada");
});

test.each(["\u2028", "\u2029", "\u0085", "\v", "\f", "\r", "\x00", "\x1b[31m"])(
  "%j inside a line does not end it",
  async (mark) => {
    const t = await pipe(`/help${mark}/help\n`);
    expect(await t.exit).toBe(1);
    expect(t.seen()).toMatch(/1 of 1 command failed/);
  },
);

test("a line of any length is refused in few words, and the lines behind it run", async () => {
  const t = await pipe(`/deploy ${"a".repeat(100_000)}\n/help\n`);
  expect(await t.exit).toBe(1);
  expect(t.seen()).toMatch(/longer than 10000 characters[\s\S]*Commands[\s\S]*1 of 2 commands failed/);
  expect(t.seen().length).toBeLessThan(4000);
});

test("what is invisible in a line neither shows nor counts", async () => {
  const t = await pipe("\ufeff/\u2060he\u200blp\u00a0deploy\x07\n");
  expect(await t.exit).toBe(0);
  expect(t.raw()).toContain("creel> /help deploy\n");
});

test.each([
  ["EPIPE", /its reader has gone/],
  ["ENOSPC", /its disk is full/],
])("when output is lost (%s) the lines are done all the same, and what failed is said elsewhere", async (code, why) => {
  const t = await pipe("/deploy name:ada\n/nope\n");
  const { id } = await t.world.operations.nextEnqueued();
  await t.shows(/Deploying ada/);
  t.loseOutput(code);
  t.world.operations.change(id, (operation) => succeed(operation, null, 1_000_000));
  expect(await t.exit).toBe(1);
  expect(t.complained()).toMatch(why);
  expect(t.complained()).toMatch(/1 of 2 commands failed[\s\S]*line 2, \/nope/);
});

test("an input that breaks is said, on standard error, and the lines before it are done", async () => {
  const t = await openTerminal({ interactive: false });
  open = t;
  t.type("/help\n/hel");
  await t.shows(/Commands/);
  t.breakInput("EIO");
  expect(await t.exit).toBe(1);
  expect(t.complained()).toMatch(
    /Standard input cannot be read any further: [\s\S]*\(EIO\)\.\n +What came before is done\. What follows was not read\./,
  );
  expect(t.seen()).not.toContain("creel> /hel\n");
});
