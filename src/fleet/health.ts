import type { Concern } from "../core/concern.ts";
import type { AgentStatus } from "../core/desk.ts";
import type { HostName } from "../core/names.ts";
import { isEnded } from "../core/operation.ts";

/** One bad look is noise, such as a restart by hand; an agent that does not answer may be slow or behind a bad network. */
const BAD_LOOKS = 2;
const SILENT_LOOKS = 3;
/** More automatic restarts than this between two looks are no accident. */
const LOOPING_RESTARTS = 3;

/** What earlier looks at one agent have shown. */
export interface AgentHealth {
  /** Looks in a row that found it broken, and found it broken or silent. */
  readonly bad: number;
  readonly doubtful: number;
  /** At the last look that could tell; null before there was one. */
  readonly restarts: { readonly host: HostName | null; readonly count: number; readonly atMs: number } | null;
  /** What a person should know of now. */
  readonly concern: Concern | null;
  /** Whether it was ever seen well. */
  readonly wasWell: boolean;
}

export const UNSEEN: AgentHealth = { bad: 0, doubtful: 0, restarts: null, concern: null, wasWell: false };

export function agentKey(agent: string): string {
  return `agent:${agent}`;
}

/** Whether the agent is as its owner left it: a deploy or a removal under way makes every look meaningless. */
export function isInRest({ agent, lastOperation }: AgentStatus): boolean {
  return agent.state === "serving" && (lastOperation === null || isEnded(lastOperation));
}

/**
 * One look at an agent more. A gateway that starts or drains is neither bad nor well: it ends no concern, so that one which
 * keeps crashing does not come and go. A concern stays what it was until the agent is well.
 */
export function lookAgain(before: AgentHealth, status: AgentStatus, nowMs: number): AgentHealth {
  if (!isInRest(status)) return { ...before, bad: 0, doubtful: 0, restarts: null };
  const grown = restartsSince(before.restarts, status);
  const restarts =
    status.restarts === null ? before.restarts : { host: status.agent.host, count: status.restarts, atMs: nowMs };
  const verdict = judge(status);
  const bad = verdict === "bad" ? before.bad + 1 : 0;
  const doubtful = verdict === "bad" || verdict === "silent" ? before.doubtful + 1 : 0;
  const after = { ...before, bad, doubtful, restarts };
  if (before.concern !== null) {
    return verdict === "well" && grown === 0 ? { ...after, concern: null, wasWell: true } : after;
  }
  if (before.restarts !== null && grown >= LOOPING_RESTARTS) {
    const looping = { type: "crash-loop", restarts: grown, withinMs: nowMs - before.restarts.atMs } as const;
    return { ...after, concern: { ...about(status), ...looping } };
  }
  if (bad >= BAD_LOOKS || doubtful >= SILENT_LOOKS) return { ...after, concern: concernOf(status) };
  return verdict === "well" ? { ...after, wasWell: true } : after;
}

function judge({ host, gateway }: AgentStatus): "well" | "neither" | "bad" | "silent" {
  if (host === "gone" || host === "stopped" || host === "none") return "bad";
  if (host === "unknown" || gateway === "unknown") return "silent";
  if (gateway === "ready") return "well";
  return gateway === "starting" || gateway === "draining" ? "neither" : "bad";
}

/** The counter starts again when somebody restarts the gateway or its host. */
function restartsSince(before: AgentHealth["restarts"], { agent, restarts }: AgentStatus): number {
  if (before === null || restarts === null || before.host !== agent.host) return 0;
  return restarts < before.count ? restarts : restarts - before.count;
}

function concernOf(status: AgentStatus): Concern {
  const { host, gateway, note } = status;
  switch (host) {
    case "gone":
    case "none":
      return { ...about(status), type: "host-down", host: "gone", note };
    case "stopped":
      return { ...about(status), type: "host-down", host, note };
  }
  switch (gateway) {
    case "stopped":
    case "crashed":
    case "config-invalid":
    case "absent":
      if (host === "running") return { ...about(status), type: "gateway-down", gateway, note };
  }
  return { ...about(status), type: "silent", note };
}

function about({ agent }: AgentStatus): Pick<Concern, "key" | "severity" | "agent"> {
  return { key: agentKey(agent.name), severity: "person", agent: agent.name };
}
