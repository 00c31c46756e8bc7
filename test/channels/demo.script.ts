/**
 * The terminal channel over the real desk and a pretended worker, to look at and to type into: `node test/channels/demo.script.ts`.
 * Agents called bad… fail. PACE sets the milliseconds a step takes.
 */
import { setTimeout as pause } from "node:timers/promises";
import { commands } from "../../commands/index.ts";
import { shellJobControl } from "../../src/assembly/job-control.ts";
import { runConsole } from "../../src/channels/console/console.ts";
import { createNotices } from "../../src/channels/console/notices.ts";
import { parseHostName } from "../../src/core/names.ts";
import * as op from "../../src/core/operation.ts";
import { logs } from "../../src/questions/logs.ts";
import { status } from "../../src/questions/status/status.ts";
import { agentCalled, answering, createDeskWorld, owner } from "../desk/world.ts";

const pace = Number(process.env.PACE ?? 700);
const now = Date.now;
const TITLES: Readonly<Record<string, readonly string[]>> = {
  deploy: [
    "Check the request",
    "Reserve the name",
    "Create the host",
    "Reach the host",
    "Install secrets, configuration and units",
    "Start the gateway",
    "Wait until the gateway is ready",
    "Probe from outside",
    "Record",
  ],
  destroy: ["Find the agent", "Stop the gateway", "Remove the host", "Forget the agent"],
  "image-build": ["Build the golden image"],
};
const world = createDeskWorld(now, {
  steps: (kind) => (TITLES[kind] ?? []).map((title, index) => ({ name: `step-${index}`, title })),
  commands: answering(
    "status",
    status,
    async ({ agent: name }) => {
      const agents = (await world.registry.list()).filter((agent) => name === null || agent.name === name);
      const statuses = agents.map(async (agent) => ({
        agent,
        host: "running" as const,
        gateway: agent.state === "failed" ? ("crashed" as const) : ("ready" as const),
        network: "reached" as const,
        version: "2026.9.6",
        upMs: now() - agent.createdAtMs,
        memoryBytes: 812e6,
        restarts: 0,
        channels: [],
        lastOperation: (await world.operations.recent({ agent: agent.name, limit: 1 }))[0] ?? null,
        note: agent.state === "failed" ? "The gateway ended with exit status 78, four times." : null,
      }));
      return { agents: await Promise.all(statuses), unreadable: [] };
    },
    answering("logs", logs, async ({ agent }) => ({
      agent,
      lines: [
        "2026-11-21T10:00:01 gateway ready on loopback",
        "\x1b[31m日本語のログ行\x1b[0m \x07and a bell",
        "x".repeat(100),
      ],
    })),
  ),
});

async function work(operation: op.Operation): Promise<void> {
  const change = (transition: (operation: op.Operation) => op.Operation) =>
    world.operations.change(operation.id, (current) => (op.isEnded(current) ? current : transition(current)));
  change((current) => op.start(current, now()));
  const bad = operation.agent?.startsWith("bad") ?? false;
  for (const [index, step] of operation.steps.entries()) {
    change((current) => op.startStep(current, step.name, now()));
    if (index === 4) change((current) => op.describeStep(current, step.name, "sending 3 files"));
    await pause(pace);
    if (bad && index === 6) {
      change((current) =>
        op.fail(
          op.failStep(current, step.name, now()),
          {
            code: "gateway-config-invalid",
            userMessage: "The gateway refuses its configuration.",
            hint: "Fix gateway.port in creel.yaml and deploy again.",
            evidence: [
              "gateway: config invalid: gateway.port: expected number",
              "systemd: Main process exited, code=exited, status=78",
            ],
            leftBehind: [
              "Host bad-1x2y3z at local exists and is running.",
              "Agent bad is marked as failed; deploying it again replaces the host.",
            ],
            nextCommands: ["/logs agent:bad", "/deploy name:bad", "/destroy agent:bad"],
          },
          now(),
        ),
      );
      if (operation.agent !== null)
        await world.registry.put(agentCalled(operation.agent, { state: "failed", createdAtMs: now() }));
      return;
    }
    change((current) => op.finishStep(current, step.name, {}, now()));
  }
  if (operation.kind === "destroy" && operation.agent !== null) await world.registry.remove(operation.agent);
  if (operation.kind === "deploy" && operation.agent !== null) {
    const host = parseHostName(`${operation.agent}-1x2y3z`);
    await world.registry.put(agentCalled(operation.agent, { host, createdAtMs: now() }));
  }
  change((current) => op.succeed(current, { version: "2026.9.6", host: "ada-1x2y3z", address: "10.97.0.2" }, now()));
}

const stop = new AbortController();
process.once("SIGTERM", () => stop.abort());
process.once("SIGINT", () => stop.abort());
void (async () => {
  for (;;) void work(await world.operations.nextEnqueued());
})();
if (process.env.BEFORE === "1") {
  await world.operations.enqueue({ kind: "deploy", params: {}, agent: agentCalled("eve").name, requestedBy: owner });
}
process.exitCode = await runConsole({
  desk: world.desk,
  actor: owner,
  commands,
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
  interactive: process.stdin.isTTY === true && process.stdout.isTTY === true,
  color: process.env.NO_COLOR === undefined && process.stdout.isTTY === true,
  cursor: process.env.TERM !== "dumb",
  unicode: process.env.ASCII === undefined,
  columns: () => process.stdout.columns ?? 80,
  rows: () => process.stdout.rows ?? 24,
  now,
  notices: createNotices(() => undefined),
  jobControl: shellJobControl(process),
  leaving: { otherTerminals: () => 0 },
  signal: stop.signal,
});
process.exit();
