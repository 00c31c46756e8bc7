import type { Concern } from "../../core/concern.ts";
import type { AgentStatus } from "../../core/desk.ts";
import { formatElapsed } from "../../core/measures.ts";
import { isEnded, type Operation } from "../../core/operation.ts";
import { type Block, type Message, message, text } from "../message.ts";
import { actionFor } from "./actions.ts";
import { renderStatus } from "./status.ts";
import { doing, done } from "./words.ts";

const DAY_MS = 24 * 60 * 60_000;
/** What fits on the screen of a phone. */
const SHOWN = 10;

/** Something that Creel found by itself. */
export function renderConcern(concern: Concern): Message {
  const { agent } = concern;
  const [title, advice] = words(concern);
  const note = "note" in concern ? text(concern.note) : null;
  const lines = nextFor(concern).map((name) => `/${name} agent:${agent}`);
  return message(title, concern.severity === "person" ? "bad" : "plain", [note, text(advice)], {
    actions: lines.map((line) => actionFor(line)),
  });
}

function words(concern: Concern): readonly [title: string, advice: string | null] {
  const { agent } = concern;
  switch (concern.type) {
    case "gateway-down":
      return [`${agent} ${DOWN[concern.gateway]}.`, null];
    case "host-down":
      return concern.host === "gone"
        ? [`${agent} has lost its host.`, null]
        : [`The host of ${agent} is switched off.`, "Creel switches it on when it starts."];
    case "silent":
      return [`${agent} cannot be asked.`, null];
    case "crash-loop":
      return [
        `${agent} keeps crashing: ${concern.restarts} restarts in ${formatElapsed(concern.withinMs)}.`,
        "Its log says why.",
      ];
    case "stranded-host":
      return [
        `No agent in the list has the host ${concern.host} at ${concern.provider}.`,
        `It was made for ${agent}. If Creel lost its Redis, creel adopt takes it in again.`,
      ];
  }
}

const DOWN = {
  stopped: "is stopped",
  crashed: "has crashed",
  "config-invalid": "is misconfigured",
  absent: "has no gateway",
} as const;

function nextFor(concern: Concern): readonly string[] {
  if (concern.type === "stranded-host") return [];
  return concern.type === "host-down" && concern.host === "gone" ? ["status", "destroy"] : ["status", "logs"];
}

/** Once a day. Those that need a look come first; `operations` older than a day that have ended are left out. */
export function renderDigest(
  statuses: readonly AgentStatus[],
  operations: readonly Operation[],
  nowMs: number,
): Message {
  // One agent's status is a sentence, and its tone the verdict.
  const seen = statuses.map((status) => ({ status, shown: renderStatus([status], nowMs) }));
  const poorly = seen.filter(({ shown }) => shown.tone !== "good");
  const well = seen.filter(({ shown }) => shown.tone === "good");
  const blocks: Block[] = [
    {
      type: "list",
      title: "To look at",
      items: cut(poorly.map(({ status, shown }) => [shown.title, status.note].filter(Boolean).join(" "))),
    },
    {
      type: "fields",
      fields: well
        .slice(0, SHOWN)
        .map(({ status, shown }) => ({ name: status.agent.name, value: wellWord(status, shown) })),
    },
  ];
  const rest = well.length > SHOWN ? text(`And ${well.length - SHOWN} more, all well.`) : null;
  const actions = poorly[0]?.shown.actions ?? [];
  return message(
    digestTitle(seen.length, poorly.length),
    poorly.length === 0 ? "good" : "bad",
    [...blocks, rest, lastDay(operations, nowMs)],
    {
      actions,
    },
  );
}

function digestTitle(all: number, poorly: number): string {
  if (all === 0) return "Today: there are no agents yet.";
  const agents = all === 1 ? "1 agent" : `${all} agents`;
  if (poorly > 0) return `Today: ${agents}, ${poorly} to look at.`;
  return `Today: ${agents}, ${all === 1 ? "well" : "all well"}.`;
}

/** Such as `ready for 3 d 4 h`. */
function wellWord({ agent, gateway, upMs }: AgentStatus, { title }: Message): string {
  if (title !== `${agent.name} is ready.`) return title.slice(agent.name.length + 1, -1).replace(/^is /, "");
  return upMs === null ? gateway : `${gateway} for ${formatElapsed(upMs)}`;
}

function lastDay(operations: readonly Operation[], nowMs: number): Block {
  const recent = operations.filter(
    (operation) => !isEnded(operation) || nowMs - (operation.endedAtMs ?? operation.requestedAtMs) < DAY_MS,
  );
  // What did not work is worth more than what did.
  const rank = ({ state }: Operation) =>
    state === "failed" ? 0 : state === "succeeded" || state === "cancelled" ? 2 : 1;
  const items = recent.toSorted((a, b) => rank(a) - rank(b) || b.requestedAtMs - a.requestedAtMs).map(operationLine);
  return { type: "list", title: "In the last day", items: cut(items) };
}

function operationLine(operation: Operation): string {
  switch (operation.state) {
    case "succeeded":
      return `${done(operation)}.`;
    case "failed":
      return `${doing(operation)} failed${operation.failure === null ? "." : `: ${operation.failure.userMessage}`}`;
    case "cancelled":
      return `${doing(operation)} was cancelled.`;
    case "queued":
    case "running":
      return `${doing(operation)} has not ended yet.`;
  }
}

function cut(items: readonly string[]): readonly string[] {
  return items.length <= SHOWN ? items : [...items.slice(0, SHOWN), `And ${items.length - SHOWN} more.`];
}
