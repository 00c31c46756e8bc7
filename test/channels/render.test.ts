import { expect, test } from "vitest";
import { paint } from "../../src/channels/console/paint.ts";
import { renderAnswer } from "../../src/channels/render/answer.ts";
import { renderOutcome, renderProgress } from "../../src/channels/render/operation.ts";
import type { AgentStatus, Answer } from "../../src/core/desk.ts";
import { makeOperationId, parseAgentName } from "../../src/core/names.ts";
import { newOperation, succeed, waitBehind } from "../../src/core/operation.ts";
import { agentCalled, owner } from "../desk/world.ts";
import { statusOf as statusWell } from "../fleet/statuses.ts";

const NOW = 10_000_000;
const id = makeOperationId(NOW, () => 0.5);
const deploy = newOperation(
  { id, kind: "deploy", version: 1, params: {}, agent: parseAgentName("ada"), requestedBy: owner, steps: [] },
  NOW - 70_000,
);

function shown(answer: Answer, columns = 78): string {
  return paint(renderAnswer(answer, NOW), { columns, color: false }).join("\n");
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
  expect(shown({ type: "status", agents: [statusOf("ada"), gone], nowMs: NOW })).toBe(
    `✗ 2 agents, 1 well.
  Agent  State  Up         Memory  OpenClaw  Last operation
  ada    ready  1 h 2 min  812 MB  2026.9.6  deployed 1 min ago
  bob    gone   –          –       2026.9.6  deployed 1 min ago
  To look at:
  - bob: The host is gone.
  → /destroy agent:bob`,
  );
});

test("the same on a narrow terminal", () => {
  const agents = [statusOf("ada"), statusOf("bob")];
  expect(shown({ type: "status", agents, nowMs: NOW }, 39)).toContain(`  ada
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
  expect(renderAnswer({ type: "status", agents: [statusOf("ada", fields)], nowMs: NOW }, NOW).title).toBe(title);
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
  const text = shown({ type: "history", events: [event, refused] }, 100);
  expect(text).toMatch(new RegExp(`5 s ago  Mo   cancel requested deploy ada  ${id}\\n`));
  expect(text).toMatch(/5 s ago {2}Mo {3}refused deploy +Sorry\./);
});

test("a snapshot that has to be built, and one that is up to date", () => {
  const old = {
    fingerprint: "a".repeat(64),
    createdAtMs: NOW - 7_200_000,
    sizeBytes: 1.4e9,
    openclawVersion: "2026.9.6",
  };
  const wanted = "b".repeat(64);
  expect(shown({ type: "snapshot", wanted, current: null, all: [old] })).toMatch(
    /has changed[\s\S]*aaaaaaaaaaaa +2026\.9\.6 +1\.4 GB +2 h ago +kept[\s\S]*image build/,
  );
  expect(shown({ type: "snapshot", wanted: old.fingerprint, current: old, all: [old] })).toMatch(
    /✓ The snapshot is up to date[\s\S]*in use$/,
  );
});

test("a queued operation says what it waits for", () => {
  const words = (operation: typeof deploy, nowMs: number) => JSON.stringify(renderProgress(operation, nowMs).blocks);
  expect(words(waitBehind(deploy, id), NOW)).toContain(`Waits for ${id}, which works on ada now.`);
  expect(words(deploy, deploy.requestedAtMs + 1_000)).toContain("Waiting for a free worker.");
  expect(words(deploy, NOW)).toContain("is `creel worker` running?");
});

test("results from another version of Creel are shown as far as they are understood", () => {
  const odd = succeed(deploy, { version: 7, host: "ada-abc", extra: ["x"] }, NOW);
  expect(renderOutcome(odd).blocks[0]).toEqual({ type: "fields", fields: [{ name: "Host", value: "ada-abc" }] });
  expect(renderOutcome(succeed(deploy, "text", NOW)).title).toBe("Deployed ada in 1 min 10 s.");
  expect(renderOutcome(succeed({ ...deploy, kind: "constructor" }, null, NOW)).title).toBe(
    "Finished constructor for ada in 1 min 10 s.",
  );
});
