import { expect, test } from "vitest";
import { CANARY, lockCommand } from "../desk/lock-command.ts";
import { createDeskWorld } from "../desk/world.ts";
import { openTerminal } from "./terminal.ts";

async function terminal(interactive = true, cursor = true) {
  const taken: string[] = [];
  const world = (now: () => number) => createDeskWorld(now, { commands: [lockCommand(taken)] });
  return { taken, ...(await openTerminal({ interactive, cursor, world })) };
}

const UP = "\x1b[A";

test("a secret is never shown, completed, or remembered, whatever keys are pressed, and may be entered again", async () => {
  const { type, shows, raw, taken, stop, exit } = await terminal();
  await shows(/creel> $/);
  type("/lock name:bob\r");
  await shows(/The key of the lock is needed\.[\s\S]*\(hidden\): /);
  type("canary-that-is-wrong\t\r");
  await shows(/The lock does not take[\s\S]*\(hidden\): /);
  type(`canary-thrown-away\x15${CANARY}\ncanary-the-rest\n`);
  await shows(/Deploying/);
  type("\x03");
  await shows(/creel> $/);
  type(`\x19${UP}`);
  await shows(/lock name:bob/);
  expect(taken).toEqual([CANARY]);
  expect(raw()).not.toContain("canary");
  stop.abort();
  await exit;
});

test("Ctrl-C leaves it, and nothing of what was typed is left", async () => {
  const { type, shows, raw, taken, world, stop, exit } = await terminal();
  await shows(/creel> $/);
  type("/lock name:bob\r");
  await shows(/\(hidden\): /);
  type("canary-half");
  type("\x03");
  await shows(/Nothing was done: it was not entered\.[\s\S]*creel> $/);
  type("\x19\x19x\r");
  await shows(/There is no command/);
  expect([taken, world.operations.all.size]).toEqual([[], 0]);
  expect(raw()).not.toContain("canary");
  stop.abort();
  await exit;
});

test.each([
  ["lines that nobody types", false, true],
  ["a terminal that would show it", true, false],
])("%s are refused, with the way to say where it is", async (_, interactive, cursor) => {
  const { type, shows, endInput, taken, exit } = await terminal(interactive, cursor);
  type("/lock name:bob\n");
  await shows(/This needs a secret/);
  await shows(/key:vault:NAME/);
  endInput();
  await exit;
  expect(taken).toEqual([]);
});
