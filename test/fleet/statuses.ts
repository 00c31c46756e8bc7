import type { AgentStatus } from "../../src/core/desk.ts";
import { makeOperationId, parseAgentName, parseHostName } from "../../src/core/names.ts";
import { newOperation, type Operation, succeed } from "../../src/core/operation.ts";
import { agentCalled, owner } from "../desk/world.ts";

/** An agent that is well, but for `fields`. */
export function statusOf(name: string, fields: Partial<AgentStatus> = {}): AgentStatus {
  return {
    agent: agentCalled(name, { host: parseHostName(`${name}-abc`) }),
    host: "running",
    gateway: "ready",
    version: "2026.9.6",
    upMs: 3_725_000,
    memoryBytes: 812e6,
    restarts: 0,
    lastOperation: succeed(operation("deploy", name), null, 0),
    note: null,
    ...fields,
  };
}

/** Just asked for, at `atMs`. */
export function operation(kind: string, agent: string, atMs = 0): Operation {
  const id = makeOperationId(atMs, () => 0.5);
  const fields = { id, kind, version: 1, params: {}, agent: parseAgentName(agent), requestedBy: owner, steps: [] };
  return newOperation(fields, atMs);
}
