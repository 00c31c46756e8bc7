import { describe, expect, it } from "vitest";
import { paint } from "../../src/channels/console/paint.ts";
import { lookAt } from "../../src/channels/render/actions.ts";
import { renderConcern, renderDigest } from "../../src/channels/render/care.ts";
import type { Concern } from "../../src/core/concern.ts";
import type { AgentStatus } from "../../src/core/desk.ts";
import { OpsError } from "../../src/core/errors.ts";
import { parseAgentName, parseHostName } from "../../src/core/names.ts";
import { fail, failureFrom, type Operation, start, succeed } from "../../src/core/operation.ts";
import { lookAgain, UNSEEN } from "../../src/fleet/health.ts";
import { showStatus } from "../../src/questions/status/show.ts";
import { operation, statusOf } from "./statuses.ts";

const NOW = 1_000_000_000;
const HOUR = 3_600_000;

function digest(statuses: readonly AgentStatus[], operations: readonly Operation[] = []): string {
  return paint(renderDigest(statuses, operations, NOW), { columns: 60, color: false }).join("\n");
}

const failed = fail(
  operation("deploy", "carl", NOW - 2 * HOUR),
  failureFrom(new OpsError({ code: "capacity", userMessage: "The disk is full." })),
  NOW - HOUR,
);

it("of an agent that reaches nothing says so and does not send anybody to destroy it", () => {
  const note = "It reaches nothing: 10.0.0.2 does not answer.";
  const status = statusOf("ada", { network: "missing", note });
  const shown = showStatus([status], lookAt(NOW));
  expect(shown.title).toBe("ada is up, but has no network.");
  expect(JSON.stringify(shown.actions)).not.toContain("destroy");
  let health = UNSEEN;
  for (let look = 0; look < 2; look += 1) health = lookAgain(health, status, look);
  expect(health.concern).toMatchObject({ type: "no-network", note });
  if (health.concern !== null) expect(renderConcern(health.concern).title).toBe("ada is up, but has no network.");
  expect(lookAgain(health, statusOf("ada"), 3).concern).toBeNull();
});

it("of an agent that is being started is no concern, however long it takes", () => {
  const status = statusOf("ada", { host: "starting", gateway: "unknown", network: "unknown" });
  let health = UNSEEN;
  for (let look = 0; look < 9; look += 1) health = lookAgain(health, status, look);
  expect(health.concern).toBeNull();
});

describe("the digest", () => {
  it("of nothing", () => {
    expect(digest([])).toBe("✓ Today: there are no agents yet.");
  });

  it("of one agent", () => {
    expect(digest([statusOf("ada")])).toBe(`✓ Today: 1 agent, well.
  ada  ready for 1 h 2 min`);
  });

  it("of several says first what to look at", () => {
    const gone = statusOf("bob", { host: "gone", gateway: "unknown", note: "Its host bob-abc is gone." });
    const operations = [
      succeed(operation("deploy", "ada", NOW - 3 * HOUR), null, NOW - 3 * HOUR),
      start(operation("destroy", "dora", NOW - 30 * HOUR), NOW - 30 * HOUR),
      failed,
      succeed(operation("deploy", "old", NOW - 30 * HOUR), null, NOW - 25 * HOUR),
    ];
    expect(digest([statusOf("ada"), gone], operations)).toBe(`✗ Today: 2 agents, 1 to look at.
  To look at:
  - bob has lost its host. Its host bob-abc is gone.
  ada  ready for 1 h 2 min
  In the last day:
  - Deploying carl failed: The disk is full.
  - Removing dora has not ended yet.
  - Deployed ada.
  → /destroy agent:bob`);
  });

  it("of many stays short", () => {
    const names = Array.from({ length: 60 }, (_, index) => `agent-${index}`);
    const operations = names.map((name) => succeed(operation("deploy", name, NOW), null, NOW));
    const broken = names.map((name) => statusOf(`${name}-x`, { gateway: "crashed" }));
    const shown = digest([...names.map((name) => statusOf(name)), ...broken], operations);
    expect(shown).toContain("120 agents, 60 to look at");
    expect(shown).toContain("And 50 more, all well.");
    expect(shown.split("\n").length).toBeLessThan(42);
  });
});

describe("a concern", () => {
  const about = { key: "agent:ada", severity: "person", agent: parseAgentName("ada") } as const;
  it.each<[Concern, string, string[]]>([
    [
      { ...about, type: "gateway-down", gateway: "crashed", note: null },
      "ada has crashed.",
      ["Restart ada", "Status ada", "Logs ada"],
    ],
    [
      { ...about, type: "gateway-down", gateway: "absent", note: null },
      "ada has no gateway.",
      ["Restart ada", "Status ada", "Logs ada"],
    ],
    [
      { ...about, type: "host-down", host: "gone", note: null },
      "ada has lost its host.",
      ["Status ada", "Destroy ada"],
    ],
    [
      { ...about, type: "host-down", host: "stopped", note: null },
      "The host of ada is switched off.",
      ["Restart ada", "Status ada", "Logs ada"],
    ],
    [
      { ...about, type: "gateway-down", gateway: "unready", note: "It waits." },
      "ada is up, but not ready.",
      ["Restart ada", "Status ada", "Logs ada"],
    ],
    [
      { ...about, type: "ailing", note: "Its channels were not started." },
      "ada is ready, but not well.",
      ["Restart ada", "Status ada", "Logs ada"],
    ],
    [
      { ...about, type: "silent", note: "Nothing answers." },
      "ada cannot be asked.",
      ["Restart ada", "Status ada", "Logs ada"],
    ],
    [
      { ...about, type: "crash-loop", restarts: 5, withinMs: 300_000, note: null },
      "ada keeps crashing: 5 restarts in 5 min.",
      ["Restart ada", "Status ada", "Logs ada"],
    ],
    [
      { ...about, severity: "note", type: "stranded-host", host: parseHostName("ada-abc"), provider: "local" },
      "No agent in the list has the host ada-abc at local.",
      [],
    ],
  ])("%j", (concern, title, labels) => {
    const shown = renderConcern(concern);
    expect(shown).toMatchObject({ title, tone: concern.severity === "person" ? "bad" : "plain", private: false });
    expect(shown.actions.map(({ label }) => label)).toEqual(labels);
    if ("note" in concern && concern.note !== null) expect(JSON.stringify(shown.blocks)).toContain(concern.note);
  });
});

it("what is no matter of one agent is named, with what to do", () => {
  const people = (names: string) => names.split(" ").map(parseAgentName);
  const unwatched = (names: string): Concern => ({
    ...{ key: "unwatched:local@vm", severity: "person", type: "unwatched", provider: "local@vm" },
    agents: people(names),
  });
  const words = (concern: Concern) => {
    const { title, blocks } = renderConcern(concern);
    return [title, ...blocks.flatMap((block) => (block.type === "text" ? [String(block.text)] : []))];
  };
  expect(words(unwatched("ada"))).toEqual([
    "Nobody looks after ada.",
    "Its host is at local@vm, and no worker there is running. What is asked of it waits.",
  ]);
  expect(words(unwatched("a b c d e f"))[0]).toBe("Nobody looks after a, b, c, d and 2 more.");
  const refused = { key: "chat:telegram", severity: "person", type: "chat-refused", chat: "telegram" } as const;
  const userMessage = "Telegram refuses the bot's token.";
  expect(words({ ...refused, userMessage, hint: "Ask @BotFather for a new one." })).toEqual([
    userMessage,
    "Ask @BotFather for a new one.",
  ]);
  const place = { channel: "discord", chat: "1", topic: null } as const;
  const lost: Concern = { key: "gone:discord:1", severity: "person", type: "alerts-lost", place };
  expect(words(lost)[0]).toBe("Alerts are not heard everywhere.");
});
