import { describe, expect, test } from "vitest";
import { paint } from "../../src/channels/console/paint.ts";
import { lookAt } from "../../src/channels/render/actions.ts";
import { renderOutcome, renderProgress, renderProgressBriefly } from "../../src/channels/render/operation.ts";
import { latestOfEach } from "../../src/core/audit.ts";
import type { AgentStatus } from "../../src/core/desk.ts";
import { OpsError } from "../../src/core/errors.ts";
import type { Message } from "../../src/core/message.ts";
import { makeOperationId, parseAgentName } from "../../src/core/names.ts";
import {
  beginUndo,
  describeStep,
  failureFrom,
  finishStep,
  newOperation,
  start,
  startStep,
  succeed,
  waitBehind,
  waitFor,
} from "../../src/core/operation.ts";
import { history } from "../../src/questions/history.ts";
import { image } from "../../src/questions/image.ts";
import { logs } from "../../src/questions/logs.ts";
import { status } from "../../src/questions/status/status.ts";
import { agentCalled, owner } from "../desk/world.ts";
import { operation, statusOf as statusWell, stuckDeploy } from "../fleet/statuses.ts";

const NOW = 10_000_000;
const halfMade = agentCalled("ada", { state: "deploying" });
const id = makeOperationId(NOW, () => 0.5);
const deploy = newOperation(
  { id, kind: "deploy", version: 1, params: {}, agent: parseAgentName("ada"), requestedBy: owner, steps: [] },
  NOW - 70_000,
);

const look = lookAt(NOW);
const statusShown = (...agents: readonly AgentStatus[]) => status.show({ agents, unreadable: [] }, look);

function painted(message: Message, columns = 78): string {
  return paint(message, { columns, color: false }).join("\n");
}

const statusOf = (name: string, fields: Partial<AgentStatus> = {}) =>
  statusWell(name, { lastOperation: succeed(deploy, null, NOW - 60_000), ...fields });

test("a table of agents, and what to look at", () => {
  const gone = statusOf("bob", {
    host: "gone",
    gateway: "unknown",
    upMs: null,
    memoryBytes: null,
    note: "The host is gone.",
  });
  expect(painted(statusShown(statusOf("ada"), gone))).toBe(
    `✗ 2 agents, 1 well.
  Agent  State  Up         Memory  OpenClaw  Last operation
  ada    ready  1 h 2 min  812 MB  2026.9.6  deployed 1 min ago
  bob    gone   –          –       2026.9.6  deployed 1 min ago
  To look at:
  - bob: The host is gone.
  → /destroy agent:bob`,
  );
});

test("an agent whose operation waits for somebody is not well, and it is said for whom", () => {
  const waiting = waitFor(deploy, "a worker at local@vm-1234; none runs there now");
  const held = statusOf("ada", { agent: halfMade, lastOperation: waiting });
  const one = painted(statusShown(held));
  expect(one).toMatch(/✗ ada is deploying\.\n {2}That waits for a worker at local@vm-1234; none runs there now\./);
  expect(one).toContain(`/cancel operation:${id}`);
  const many = painted(statusShown(held, statusOf("bob")));
  expect(many).toMatch(/2 agents, 1 well\.[\s\S]*- ada is deploying\. That waits for a worker at local@vm-1234/);
});

test("the same on a narrow terminal", () => {
  const agents = [statusOf("ada"), statusOf("bob")];
  expect(painted(statusShown(...agents), 39)).toContain(`  ada
    State           ready
    Up              1 h 2 min
    Memory          812 MB`);
});

test.each([
  [{ host: "gone" as const }, "ada has lost its host."],
  [{ host: "stopped" as const }, "ada is switched off."],
  [{ gateway: "config-invalid" as const }, "ada is misconfigured."],
  [{ gateway: "crashed" as const }, "ada has crashed."],
  [{ host: "unknown" as const, gateway: "unknown" as const }, "ada cannot be asked."],
  [{ agent: agentCalled("ada", { state: "deploying" }), gateway: "absent" as const }, "ada is deploying."],
])("%j", (fields, title) => {
  expect(statusShown(statusOf("ada", fields)).title).toBe(title);
});

test("history names who, what and why", () => {
  const event = {
    atMs: NOW - 5_000,
    actor: owner,
    what: "cancel-requested" as const,
    subject: "deploy",
    agent: deploy.agent,
    operation: id,
    note: null,
  };
  const refused = { ...event, what: "refused" as const, agent: null, operation: null, note: "Sorry." };
  const page = { agent: null, lines: 20, page: 1, hasOlder: false, unreadable: [] };
  const text = painted(history.show({ ...page, events: [event, refused] }, look), 100);
  expect(text).toMatch(new RegExp(`5 s ago  Mo   cancel requested deploy ada  ${id}\\n`));
  expect(text).toMatch(/5 s ago {2}Mo {3}refused deploy +Sorry\./);
  const older = history.show({ ...page, agent: deploy.agent, lines: 5, hasOlder: true, events: [event] }, look).actions;
  expect(older).toMatchObject([{ does: { line: "/history agent:ada lines:5 page:2" } }]);
  expect(painted(history.show({ ...page, page: 3, events: [] }, look))).toMatch(/nothing older/);
  expect(painted(history.show({ ...page, agent: deploy.agent, events: [] }, look))).toMatch(
    /Nothing is on record of ada\./,
  );
});

test("history says of strangers who they are and how often they tried, in a table and in a chat's lines", () => {
  const actor = { ...owner, user: "666", name: "Eve" };
  const event = {
    actor,
    what: "refused",
    subject: "deploy",
    agent: null,
    operation: null,
    note: "No.",
    attempts: 17,
  } as const;
  const page = { agent: null, lines: 20, page: 1, hasOlder: false, unreadable: [] };
  const [table] = history.show({ ...page, events: [{ ...event, atMs: NOW }] }, look).blocks;
  expect(table).toMatchObject({
    rows: [[expect.anything(), "stranger 666 (Eve)", "17 attempts", "", "No."]],
    brief: [{ name: "17 attempts", rest: expect.stringContaining("stranger 666 (Eve)") }],
  });
});

test("what people did and what an agent logged is for who asked alone", () => {
  const page = { agent: null, lines: 20, page: 1, hasOlder: false, unreadable: [] };
  const event = { actor: owner, what: "refused", subject: "deploy", operation: null, note: null, atMs: NOW } as const;
  const agent = parseAgentName("ada");
  for (const shown of [
    history.show({ ...page, events: [] }, look),
    history.show({ ...page, events: [{ ...event, agent }] }, look),
    logs.show({ agent, lines: [] }, look),
    logs.show({ agent, lines: ["one"] }, look),
  ]) {
    expect(shown).toMatchObject({ private: true });
  }
});

test("several agents are only all well when there is nothing to look at", () => {
  const busy = { host: "running", gateway: "unknown", note: "Nothing answers." } as const;
  const restart = newOperation({ ...deploy, kind: "restart" }, NOW);
  const well = [
    statusOf("ada"),
    statusOf("bob", {
      ...busy,
      agent: agentCalled("bob", { state: "deploying" }),
      lastOperation: operation("deploy", "bob"),
    }),
    statusOf("cleo", { ...busy, lastOperation: restart }),
  ];
  const all = painted(statusShown(...well), 100);
  expect(all).toMatch(/^✓ 3 agents, all well\./);
  expect(all).not.toMatch(/To look at|→/);
  const ailing = [...well, statusOf("dora", { note: "It has no network." }), statusOf("eve", { gateway: "absent" })];
  const some = painted(statusShown(...ailing), 100);
  expect(some).toMatch(/^✗ 5 agents, 3 well\./);
  expect(some).toMatch(/- dora: It has no network\.\n {2}- eve has no gateway\./);
  expect(some).toMatch(/→ \/restart agent:dora/);
});

test.each([
  [{ gateway: "stopped" }, ["/restart", "/logs", "/destroy"]],
  [{ gateway: "crashed" }, ["/restart", "/logs", "/destroy"]],
  [{ gateway: "starting" }, ["/status", "/logs"]],
  [{ gateway: "unready" }, ["/restart", "/logs", "/destroy"]],
  [{ note: "Its channels were not started." }, ["/restart", "/logs", "/destroy"]],
  [{ host: "stopped", gateway: "stopped" }, ["/restart", "/logs", "/destroy"]],
  [{ host: "gone", gateway: "unknown" }, ["/destroy"]],
  [{ agent: agentCalled("ada", { state: "failed" }) }, ["/deploy", "/logs", "/destroy"]],
  [{ agent: halfMade, lastOperation: stuckDeploy("ada") }, ["/retry", "/destroy"]],
  [{ lastOperation: stuckDeploy("ada") }, ["/retry"]],
  [{ agent: halfMade, lastOperation: null }, ["/deploy", "/destroy"]],
  [{}, []],
] as const)("%j offers what helps", (fields, names) => {
  const { actions } = statusShown(statusOf("ada", fields));
  const lines = actions.map(({ does }) => (does.type === "command" ? does.line.split(" ")[0] : ""));
  expect(lines).toEqual(names);
});

test("an image that has to be built, and one that is up to date", () => {
  const old = {
    id: "image-1",
    fingerprint: "a".repeat(64),
    createdAtMs: NOW - 7_200_000,
    sizeBytes: 1.4e9,
    openclawVersion: "2026.9.6",
  };
  const wanted = "b".repeat(64);
  const rest = { maxAgeDays: 30, all: [old] };
  expect(
    painted(image.show({ ...rest, wanted, changes: ["OpenClaw 2026.9.5 → 2026.9.6"], current: null }, look)),
  ).toMatch(
    /has changed \(OpenClaw 2026\.9\.5 → 2026\.9\.6\)[\s\S]*aaaaaaaaaaaa +2026\.9\.6 +1\.4 GB +2 h ago +kept[\s\S]*image build/,
  );
  expect(painted(image.show({ ...rest, wanted: old.fingerprint, changes: [], current: old }, look))).toMatch(
    /✓ The image is up to date[\s\S]*in use$/,
  );
  const rebuilt = { ...old, id: "image-2" };
  expect(
    painted(image.show({ ...rest, wanted: old.fingerprint, changes: [], current: rebuilt, all: [rebuilt, old] }, look)),
  ).toMatch(/in use\n.*kept$/);
  const ancient = { ...old, createdAtMs: NOW - 31 * 24 * 3_600_000 };
  expect(
    painted(image.show({ ...rest, wanted: old.fingerprint, changes: [], current: ancient, all: [ancient] }, look)),
  ).toMatch(/The image is 31 days old\.[\s\S]*no repairs[\s\S]*image build/);
});

test("a build that was left nothing to do claims nothing", () => {
  const result = { fingerprint: "a".repeat(64), sizeBytes: 1.4e9, built: false };
  const build = succeed({ ...deploy, kind: "image-build", agent: null }, result, NOW);
  for (const { title } of [renderOutcome(build), renderProgressBriefly(build, NOW)])
    expect(title).toBe("The golden image is up to date: nothing was left to build.");
  expect(renderOutcome({ ...build, result: { ...result, built: true } }).title).toContain("Built the image in");
});

test("an agent that is only half there is never shown in good tone", () => {
  const state = (fields: Partial<AgentStatus>) => {
    const { title, tone } = statusShown(statusOf("ada", fields));
    return [title, tone];
  };
  const agent = halfMade;
  expect(state({ agent, lastOperation: operation("deploy", "ada") })).toEqual(["ada is deploying.", "good"]);
  expect(state({ agent, lastOperation: stuckDeploy("ada") })).toEqual(["ada is stuck.", "bad"]);
  expect(state({ agent, lastOperation: null })).toEqual(["ada is half-made.", "bad"]);
  // Also one that still serves, such as after a restart.
  expect(state({ lastOperation: stuckDeploy("ada") })).toEqual(["ada is stuck.", "bad"]);
});

test("undoing shows what it does, offers no second cancellation and leaves out what will not be done", () => {
  const failure = failureFrom(new OpsError({ code: "cancelled", userMessage: "It was cancelled on request." }));
  const steps = ["a", "b", "c"].map((name) => ({ name, title: `Step ${name}` }));
  const begun = startStep(start(newOperation({ ...deploy, steps }, 0), 0), "a", 0);
  const undoing = startStep(beginUndo(begun, failure, [{ name: "u", title: "Remove the host" }], 1_000), "u", 1_000);
  const { title, tone, blocks, actions } = renderProgress(undoing, 9_000);
  expect([title, tone, actions]).toEqual(["Deploying ada was cancelled; cleaning up", "progress", []]);
  expect(blocks[0]).toMatchObject({ type: "bar", done: 0, total: 1 });
  expect(blocks[1]).toMatchObject({
    steps: [
      { title: "Step a", mark: "failed" },
      { title: "Remove the host", mark: "running" },
    ],
  });
});

test("a queued operation says what it waits for", () => {
  const words = (operation: typeof deploy, nowMs: number) => JSON.stringify(renderProgress(operation, nowMs).blocks);
  expect(words(waitBehind(deploy, id), NOW)).toContain(`Waits for ${id}, which works on ada now.`);
  expect(words(deploy, deploy.requestedAtMs + 1_000)).toContain("Waiting for a free worker.");
  expect(words(deploy, NOW)).toContain("No worker has had time for it yet. It is safe in the queue.");
  expect(words(waitFor(deploy, "a newer Creel"), NOW)).toContain("Waits for a newer Creel.");
});

describe("a status message on a phone", () => {
  const steps = ["a", "b", "c", "d"].map((name) => ({ name, title: `Step ${name}` }));
  const begun = start(newOperation({ ...deploy, steps }, 0), 0);
  const stepsDone = (count: number) =>
    steps
      .slice(0, count)
      .reduce(
        (one, { name }, index) => finishStep(startStep(one, name, index * 400), name, null, (index + 1) * 400),
        begun,
      );
  const stepsOf = (operation: typeof deploy, nowMs: number) =>
    renderProgressBriefly(operation, nowMs).blocks.find(({ type }) => type === "steps");

  test("shows what is done as one line, and what moves with its time and its last words", () => {
    const waiting = describeStep(startStep(stepsDone(3), "d", 1_200), "d", "connection refused");
    expect(stepsOf(waiting, 9_900)).toEqual({
      type: "steps",
      steps: [
        { mark: "done", title: "3 steps", time: "1.2 s", detail: null },
        { mark: "running", title: "Step d", time: "8 s", detail: "connection refused" },
      ],
    });
  });

  test("has no times below a second", () => {
    expect(stepsOf(stepsDone(1), 500)).toMatchObject({ steps: [{ title: "1 step", time: null }] });
  });

  test("ends with how it ended, and with nothing that looks alive", () => {
    expect(renderProgressBriefly(succeed(stepsDone(4), null, 2_000), 9_000)).toMatchObject({
      title: "Deployed ada in 2.0 s.",
      tone: "good",
      actions: [],
      blocks: [{ type: "steps", steps: [{ title: "4 steps", time: "1.6 s" }] }],
    });
  });
});

test.each([
  ["succeeded", {}],
  ["succeeded", { result: { network: "missing" } }],
  ["cancelled", { failure: failureFrom(new OpsError({ code: "cancelled", userMessage: "As asked." })) }],
  ["failed", { failure: failureFrom(new OpsError({ code: "capacity", userMessage: "No room." })) }],
  ["stuck", { failure: failureFrom(new OpsError({ code: "cancelled", userMessage: "As asked." })) }],
] as const)("how an operation ended (%s) is one sentence, wherever it is said", (state, fields) => {
  const operation = { ...deploy, state, endedAtMs: deploy.requestedAtMs + 38_000, ...fields };
  const { title, tone } = renderOutcome(operation);
  expect(renderProgressBriefly(operation, NOW)).toMatchObject({ title, tone });
});

test("history is a line for each operation, with what became of it", () => {
  const event = (what: "requested" | "started" | "succeeded", atMs: number) => ({
    ...{ atMs, actor: owner, what, subject: "deploy", agent: deploy.agent, operation: id, note: null },
  });
  const events = [event("succeeded", NOW - 5_000), event("started", NOW - 8_000), event("requested", NOW - 9_000)];
  const page = { agent: null, lines: 20, page: 1, hasOlder: false, unreadable: [] };
  const [table] = history.show({ events: latestOfEach(events), ...page }, look).blocks;
  expect(table).toMatchObject({
    rows: [["5 s ago", "Mo", "succeeded deploy ada", id, ""]],
    brief: [{ name: "succeeded deploy ada", rest: "Mo · 5 s ago" }],
  });
});

test("buttons say what they are about, of several agents too", () => {
  const agents = ["ada", "bob"].map((name) => statusOf(name, { gateway: "crashed", note: "It ended." }));
  const labels = statusShown(...agents).actions.map(({ label }) => label);
  expect(labels).toEqual(["Restart ada", "Logs ada", "Restart bob", "Logs bob"]);
});

test("results from another version of Creel are shown as far as they are understood", () => {
  const odd = succeed(deploy, { version: 7, host: "ada-abc", extra: ["x"] }, NOW);
  expect(renderOutcome(odd).blocks[0]).toEqual({ type: "fields", fields: [{ name: "Host", value: "ada-abc" }] });
  expect(renderOutcome(succeed(deploy, "text", NOW)).title).toBe("Deployed ada in 1 min 10 s.");
  expect(renderOutcome(succeed({ ...deploy, kind: "constructor" }, null, NOW)).title).toBe(
    "Finished constructor for ada in 1 min 10 s.",
  );
});

test("what an operation did without has no line in the end", () => {
  const steps = [
    { name: "ready", title: "Gateway is ready" },
    { name: "answers", title: "Its model answers" },
  ];
  const asked = newOperation({ ...deploy, steps }, NOW - 70_000);
  const running = finishStep(startStep(start(asked, NOW - 60_000), "ready", NOW - 60_000), "ready", {}, NOW - 50_000);
  expect(painted(renderProgress(running, NOW))).toContain("Its model answers");
  const ended = painted(renderProgress(succeed(running, {}, NOW), NOW));
  expect(ended).toContain("Gateway is ready");
  expect(ended).toContain("1 of 1");
  expect(ended).not.toContain("Its model answers");
});
