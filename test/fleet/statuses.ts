import type { Concern } from "../../src/core/concern.ts";
import type { AgentStatus } from "../../src/core/desk.ts";
import { OpsError } from "../../src/core/errors.ts";
import { makeOperationId, parseAgentName, parseHostName } from "../../src/core/names.ts";
import { failureFrom, newOperation, type Operation, stick, succeed } from "../../src/core/operation.ts";
import { agentCalled, owner } from "../desk/world.ts";

/** An agent that is well, but for `fields`. */
export function statusOf(name: string, fields: Partial<AgentStatus> = {}): AgentStatus {
  return {
    agent: agentCalled(name, { host: parseHostName(`${name}-abc`) }),
    host: "running",
    gateway: "ready",
    network: "reached",
    version: "2026.9.6",
    upMs: 3_725_000,
    memoryBytes: 812e6,
    restarts: 0,
    channels: [],
    lastOperation: succeed(operation("deploy", name), null, 0),
    note: null,
    ...fields,
  };
}

/** A deploy of it that was cancelled and could not be undone. */
export function stuckDeploy(agent: string): Operation {
  const failure = failureFrom(new OpsError({ code: "cancelled", userMessage: "It was cancelled on request." }), {
    leftBehind: [`Host ${agent}-abc may exist.`],
    nextCommands: [],
  });
  return stick(operation("deploy", agent), failure, 0);
}

/** Just asked for, at `atMs`. */
export function operation(kind: string, agent: string, atMs = 0): Operation {
  const id = makeOperationId(atMs, () => 0.5);
  const fields = { id, kind, version: 1, params: {}, agent: parseAgentName(agent), requestedBy: owner, steps: [] };
  return newOperation(fields, atMs);
}

/** Somebody who hears what a watch tells and keeps what stands; `refuse`: of which key it cannot be told now. */
export function hearing() {
  const told: string[] = [];
  const raised: Concern[] = [];
  const standing = new Map<string, Concern>();
  let refused: string | null = null;
  return {
    ...{ told, raised },
    refuse(key: string | null) {
      refused = key;
    },
    parts: {
      standing: async () => [...standing.values()],
      async onConcern(concern: Concern) {
        const { key } = concern;
        if (key === refused) throw new Error("The store is away.");
        told.push(`concern ${key}`);
        raised.push(concern);
        standing.set(key, concern);
      },
      async onRecovered(key: string) {
        told.push(`recovered ${key}`);
        standing.delete(key);
      },
    },
  };
}
