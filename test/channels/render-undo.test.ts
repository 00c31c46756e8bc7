import { expect, test } from "vitest";
import { lookAt } from "../../src/channels/render/actions.ts";
import { renderDigest } from "../../src/channels/render/care.ts";
import { renderOutcome, renderOutcomeWithSteps, renderProgress } from "../../src/channels/render/operation.ts";
import { renderDetached, renderGreeting, renderLeaving } from "../../src/channels/render/terminal.ts";
import { OpsError } from "../../src/core/errors.ts";
import {
  beginUndo,
  fail,
  failureFrom,
  finishStep,
  type Operation,
  resume,
  start,
  startStep,
  stick,
  succeed,
  waitFor,
} from "../../src/core/operation.ts";
import { showCancelled } from "../../src/questions/cancel.ts";
import { showStatus } from "../../src/questions/status/show.ts";
import { agentCalled } from "../desk/world.ts";
import { operation, statusOf } from "../fleet/statuses.ts";

const HOUR = 3_600_000;
const cancelled = failureFrom(new OpsError({ code: "cancelled", userMessage: "It was cancelled on request." }));
const steps = [{ name: "create", title: "Create the host", state: "pending" as const }];
const asked: Operation = { ...operation("deploy", "ada"), steps: [] };
const untouched = { startedAtMs: null, endedAtMs: null, attempts: 0, detail: null, output: null };
const begun = finishStep(
  startStep(start({ ...asked, steps: steps.map((step) => ({ ...step, ...untouched })) }, 0), "create", 0),
  ...(["create", null, 1_000] as const),
);
const undoing = startStep(beginUndo(begun, cancelled, [{ name: "u", title: "Remove the host" }], 2_000), "u", 2_000);
const stuck = stick(undoing, { ...cancelled, leftBehind: ["Host ada-1 may exist."] }, 3_000);
/** An hour later. */
const resumed = resume(stuck, HOUR);
const lines = (of: { readonly actions: readonly { readonly does: object }[] }) =>
  of.actions.map(({ does }) => ("line" in does && typeof does.line === "string" ? does.line.split(" ")[0] : ""));

test("right after a retry nobody is missing, and its time begins with it", () => {
  const words = (nowMs: number) => JSON.stringify(renderProgress(resumed, nowMs).blocks);
  expect(words(HOUR + 1_000)).toContain("Waiting for a free worker.");
  expect(words(HOUR + 1_000)).toContain('"note":"1 s"');
  expect(words(HOUR + 60_000)).toContain("It is safe in the queue.");
});

test("after a retry only what was done about it then is told", () => {
  const shown = (message: ReturnType<typeof renderProgress>) =>
    message.blocks.flatMap((block) => (block.type === "steps" ? block.steps.map(({ title }) => title) : []));
  const again = startStep(start(resumed, HOUR), "u", HOUR);
  expect(shown(renderProgress(again, HOUR))).toEqual(["Remove the host"]);
  expect(shown(renderOutcomeWithSteps(stick(again, cancelled, HOUR + 2_000)))).toEqual(["Remove the host"]);
  const done = fail(finishStep(again, "u", null, HOUR + 2_000), cancelled, HOUR + 2_000);
  expect(renderOutcome(done).title).toBe("Deploying ada was cancelled; cleaning up has ended after 2.0 s.");
});

test("a cancellation that was accepted is said to be, also when it is being undone by then", () => {
  const said = (of: Operation, accepted: boolean) => showCancelled({ operation: of, accepted }, lookAt(0));
  expect(said(undoing, true)).toMatchObject({ title: "Deploying ada is being cancelled.", tone: "good" });
  expect(said(stuck, true)).toMatchObject({ title: "Deploying ada is being cancelled." });
  expect(said(succeed(begun, null, 2_000), true).title).toBe("Deploying ada has already ended: succeeded.");
  expect(said(undoing, false).title).toBe("Deploying ada is being undone already.");
  expect(said(fail(begun, cancelled, 2_000), false).title).toBe("Deploying ada has already ended: cancelled.");
  expect(said(stuck, false)).toMatchObject({ title: "Deploying ada is stuck.", tone: "bad" });
  expect(lines(said(stuck, false))).toEqual(["/retry"]);
});

test("what waits for somebody says for whom when it is cancelled, left or not watched any more", () => {
  const waits = waitFor(begun, "a newer Creel, which knows version 4 of deploy");
  const said = [
    showCancelled({ operation: waits, accepted: true }, lookAt(0)),
    renderLeaving(waits),
    renderDetached(waits),
  ];
  for (const shown of said) {
    expect(shown.tone).toBe("plain");
    expect(JSON.stringify(shown.blocks)).toMatch(/aits for a newer Creel, which knows version 4 of deploy\./);
  }
  expect(JSON.stringify(renderLeaving(begun).blocks)).toContain("whenever a worker runs");
});

test.each([
  ["deploy", undoing],
  ["restart", { ...undoing, kind: "restart" }],
  ["destroy", { ...undoing, kind: "destroy" }],
  ["deploy that waits to go on", resumed],
])("an agent whose %s is being undone is neither well nor bad", (_, lastOperation) => {
  const agent = agentCalled("ada", { state: "deploying" });
  const shown = showStatus([statusOf("ada", { agent, lastOperation })], lookAt(HOUR + 5_000));
  expect(shown).toMatchObject({ title: "ada is being cleaned up.", tone: "plain" });
  expect(lines(shown)).toEqual(["/status", "/logs"]);
  expect(JSON.stringify(shown.blocks)).toMatch(/cleaning up after the (deploy|restart|removal), /);
  const many = showStatus([statusOf("ada", { agent, lastOperation }), statusOf("bob")], lookAt(HOUR));
  expect(many.title).toBe("2 agents, 1 well.");
});

test("what is being undone can be watched and not be cancelled, and is called what it is", () => {
  expect(lines(renderDetached(begun))).toEqual(["watch", "/cancel"]);
  expect(lines(renderDetached(undoing))).toEqual(["watch"]);
  expect(renderDetached(undoing).title).toBe("Cleaning up after the deploy of ada goes on without you watching.");
  expect(JSON.stringify(renderGreeting([resumed], HOUR + 3_000).blocks)).toContain(
    `Cleaning up after the deploy of ada, queued for 3 s: watch ${resumed.id}`,
  );
  expect(JSON.stringify(renderDigest([], [undoing], HOUR).blocks)).toContain(
    "Cleaning up after the deploy of ada has not ended yet.",
  );
});
