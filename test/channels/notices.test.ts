import { expect, test } from "vitest";
import { message } from "../../src/core/message.ts";
import { openTerminal } from "./terminal.ts";

const notice = message("Something happened.", "bad", []);

test("what Creel says by itself stands above the line that is being typed, which stays", async () => {
  const t = await openTerminal({ interactive: true });
  await t.shows(/creel> /);
  t.type("/hel");
  await t.shows(/\/hel/);
  t.notices.say(notice);
  await t.shows(/✗ Something happened\.\n/);
  await t.shows(/creel> \/hel/);
  // The old prompt is wiped out first: nothing of it is left in front of the notice.
  expect(t.raw()).toContain("\r\x1b[J✗");
  t.type("p\r");
  await t.shows(/Commands\n/);
  t.stop.abort();
  expect(await t.exit).toBe(0);
});

test("what is said while a command is at work comes with the next prompt", async () => {
  const t = await openTerminal({ interactive: true });
  await t.shows(/creel> /);
  t.type("/deploy name:ada\r");
  const { id } = await t.world.operations.nextEnqueued();
  await t.world.operations.watched(id);
  t.notices.say(notice);
  expect(t.seen()).not.toContain("Something happened");
  t.type("\x03");
  await t.shows(/goes on without you watching/);
  await t.shows(/✗ Something happened\.\n/);
  await t.shows(/creel> /);
  t.stop.abort();
  expect(await t.exit).toBe(0);
});

test("before a prompt is there and after it has gone, notices go where they went before", async () => {
  const t = await openTerminal({ interactive: true });
  await t.shows(/creel> /);
  t.stop.abort();
  await t.exit;
  t.notices.say(notice);
  await t.shows(/elsewhere: Something happened\./);
});
