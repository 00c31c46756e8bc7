import { type AgentChannel, channelsGiven, SERVICE_NAMES } from "../core/agent-settings.ts";
import type { AgentConcern } from "../core/concern.ts";
import { type AgentStatus, strandedBy } from "../core/desk.ts";
import type { HostName } from "../core/names.ts";
import { isEnded, isUndoing } from "../core/operation.ts";
import { botOn } from "./inspect.ts";

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
  readonly concern: AgentConcern | null;
  /** That an operation is stuck on it, which is no matter of how it looks; besides the other. */
  readonly stuck: AgentConcern | null;
}

export const UNSEEN: AgentHealth = { bad: 0, doubtful: 0, restarts: null, concern: null, stuck: null };

export function stuckKey(operation: string): string {
  return `stuck:${operation}`;
}

/** Whether the agent is as its owner left it: a deploy or a removal under way makes every look meaningless. */
export function isInRest(status: AgentStatus): boolean {
  const { agent, lastOperation } = status;
  if (strandedBy(status) !== null) return true;
  return agent.state === "serving" && (lastOperation === null || isEnded(lastOperation));
}

/**
 * One look at an agent more. A gateway that starts or drains is neither bad nor well: it ends no concern, so that one which
 * keeps crashing does not come and go; nor is one that does not tell how its bots are. A concern stays what it was until the agent is well.
 */
export function lookAgain(before: AgentHealth, status: AgentStatus, nowMs: number): AgentHealth {
  const stuck = stuckOn(before.stuck, status);
  if (stuck !== null || !isInRest(status)) return { ...before, bad: 0, doubtful: 0, restarts: null, stuck };
  const grown = restartsSince(before.restarts, status);
  const restarts =
    status.restarts === null ? before.restarts : { host: status.agent.host, count: status.restarts, atMs: nowMs };
  const verdict = judge(status);
  const bad = verdict === "bad" ? before.bad + 1 : 0;
  const doubtful = verdict === "bad" || verdict === "silent" ? before.doubtful + 1 : 0;
  const after = { ...before, bad, doubtful, restarts, stuck };
  if (before.concern !== null) {
    return verdict === "well" && grown === 0 ? { ...after, concern: null } : after;
  }
  if (before.restarts !== null && grown >= LOOPING_RESTARTS) {
    const withinMs = nowMs - before.restarts.atMs;
    return {
      ...after,
      concern: { ...about(status), type: "crash-loop", restarts: grown, withinMs, note: status.note },
    };
  }
  if (bad >= BAD_LOOKS || doubtful >= SILENT_LOOKS) return { ...after, concern: concernOf(status) };
  return after;
}

function judge(status: AgentStatus): "well" | "neither" | "bad" | "silent" {
  const { host, gateway, note } = status;
  if (strandedBy(status) !== null) return "bad";
  if (host === "starting") return "neither";
  if (host === "gone" || host === "stopped" || host === "none") return "bad";
  if (host === "unknown" || gateway === "unknown") return "silent";
  if (gateway === "ready") return note === null ? judgeBots(status) : "bad";
  return gateway === "starting" || gateway === "draining" ? "neither" : "bad";
}

/** A bot that connects may be slow, or never get there. */
function judgeBots(status: AgentStatus): "well" | "neither" | "silent" {
  if (status.channels === null) return hasChannels(status) ? "neither" : "well";
  return connecting(status).length > 0 ? "silent" : "well";
}

function hasChannels({ agent: { settings } }: AgentStatus): boolean {
  const { applied } = settings;
  if (applied === null) return false;
  return channelsGiven(applied).length > 0 || applied.openclaw.channels !== undefined;
}

/** Only Creel's own: other channels may have nothing to connect to. */
function connecting({ agent: { settings }, channels }: AgentStatus): readonly AgentChannel[] {
  if (settings.applied === null) return [];
  return channelsGiven(settings.applied).filter((own) =>
    channels?.some(({ channel, state }) => channel === own && state === "connecting"),
  );
}

/** What a person is told when they go on; null when none does. */
function slowBots(status: AgentStatus): string | null {
  const { bots } = status.agent.settings;
  const each = connecting(status).map((channel) => `${botOn(SERVICE_NAMES[channel], bots[channel])} does not connect.`);
  return each.length === 0 ? null : each.join(" ");
}

/** The counter starts again when somebody restarts the gateway or its host. */
function restartsSince(before: AgentHealth["restarts"], { agent, restarts }: AgentStatus): number {
  if (before === null || restarts === null || before.host !== agent.host) return 0;
  return restarts < before.count ? restarts : restarts - before.count;
}

function concernOf(status: AgentStatus): AgentConcern {
  const { host, gateway, network, note } = status;
  const ailment = note ?? slowBots(status);
  if (strandedBy(status) === "half-made") return { ...about(status), type: "half-made" };
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
    case "unready":
      if (host === "running") return { ...about(status), type: "gateway-down", gateway, note };
      break;
    case "ready":
      if (network === "missing") return { ...about(status), type: "no-network", note };
      if (ailment !== null) return { ...about(status), type: "ailing", note: ailment };
  }
  return { ...about(status), type: "silent", note };
}

/** It is on record, so one look is enough. Each operation that is stuck is told of, until it has gone on to its end. */
function stuckOn(before: AgentHealth["stuck"], status: AgentStatus): AgentHealth["stuck"] {
  const { lastOperation, note } = status;
  if (lastOperation === null) return null;
  const key = stuckKey(lastOperation.id);
  if (isUndoing(lastOperation)) return before?.key === key ? before : null;
  if (lastOperation.state !== "stuck") return null;
  return { ...about(status), key, type: "stuck", operation: lastOperation.id, note };
}

function about({ agent }: AgentStatus): Pick<AgentConcern, "key" | "severity" | "agent"> {
  return { key: `agent:${agent.name}`, severity: "person", agent: agent.name };
}
