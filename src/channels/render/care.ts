import type { Concern } from "../../core/concern.ts";
import type { AgentStatus } from "../../core/desk.ts";
import type { OldImage } from "../../core/golden-image.ts";
import { formatElapsed } from "../../core/measures.ts";
import { type Block, type Message, message, text } from "../../core/message.ts";
import { isEnded, type Operation } from "../../core/operation.ts";
import type { Unreadable } from "../../core/unreadable.ts";
import { doing, done, task, underWay } from "../../operations/words.ts";
import { showStatus } from "../../questions/status/show.ts";
import { unreadableAdvice, withUnreadable } from "../../questions/unreadable.ts";
import { actionFor, lookAt } from "./actions.ts";
import { renderAlertsLost } from "./chat.ts";

const DAY_MS = 24 * 60 * 60_000;
/** What fits into a title. */
const NAMED = 4;
/** What fits on the screen of a phone. */
const SHOWN = 10;

/** Something that Creel found by itself. */
export function renderConcern(concern: Concern): Message {
  if (concern.type === "alerts-lost") return renderAlertsLost(concern.place);
  const [title, advice] = words(concern);
  const note = "note" in concern ? text(concern.note) : null;
  const lines = nextFor(concern);
  return message(title, concern.severity === "person" ? "bad" : "plain", [note, text(advice)], {
    actions: lines.map((line) => actionFor(line)),
  });
}

type Worded = Exclude<Concern, { readonly type: "alerts-lost" }>;

function words(concern: Worded): readonly [title: string, advice: string | null] {
  if (concern.type === "chat-refused") return [concern.userMessage, concern.hint];
  if (concern.type === "unwatched") {
    const { provider, agents } = concern;
    return [
      `Nobody looks after ${namesOf(agents)}.`,
      `${agents.length === 1 ? "Its host is" : "Their hosts are"} at ${provider}, and no worker there is running. What is asked of ${agents.length === 1 ? "it" : "them"} waits.`,
    ];
  }
  if (concern.type === "old-image")
    return [
      oldImageWords(concern),
      "What new hosts start from has had no repairs of Debian and OpenClaw since; /image build makes a new one.",
    ];
  if (concern.type === "stuck-alone")
    return [`Cleaning up after the ${task({ kind: concern.kind, agent: concern.formerAgent })} is stuck.`, RETRY];
  const { agent } = concern;
  switch (concern.type) {
    case "gateway-down":
      return [`${agent} ${DOWN[concern.gateway]}.`, null];
    case "host-down":
      return concern.host === "gone"
        ? [`${agent} has lost its host.`, null]
        : [`The host of ${agent} is switched off.`, null];
    case "no-network":
      return [`${agent} is up, but has no network.`, "creel doctor looks at what may stand in the way."];
    case "silent":
      return [`${agent} cannot be asked.`, null];
    case "ailing":
      return [`${agent} is ready, but not well.`, null];
    case "crash-loop":
      return [
        `${agent} keeps crashing: ${concern.restarts} restarts in ${formatElapsed(concern.withinMs)}.`,
        concern.note === null ? "Its log says why." : null,
      ];
    case "stuck":
      return [`Cleaning up behind an operation on ${agent} is stuck.`, RETRY];
    case "half-made":
      return [`${agent} is half-made: its deploy is over, and nobody has written down how.`, null];
    case "unreadable":
      return [
        `The record of ${agent} cannot be read, so nobody looks after it.`,
        unreadableAdvice([{ kind: "agent", name: agent, why: concern.why }]),
      ];
    case "stranded-host":
      return [
        `No agent in the list has the host ${concern.host} at ${concern.provider}.`,
        `It was made for ${agent}. If Creel lost its Redis, creel adopt takes it in again.`,
      ];
  }
}

const RETRY = "Retry goes on with it.";

const DOWN = {
  stopped: "is stopped",
  crashed: "has crashed",
  "config-invalid": "is misconfigured",
  absent: "has no gateway",
  unready: "is up, but not ready",
} as const;

/** Such as `ada, bob and 3 more`. */
function namesOf(agents: readonly string[]): string {
  const more = agents.length > NAMED ? ` and ${agents.length - NAMED} more` : "";
  return `${agents.slice(0, NAMED).join(", ")}${more}`;
}

function nextFor(concern: Worded): readonly string[] {
  const about = (...names: readonly string[]) =>
    "agent" in concern ? names.map((name) => `/${name} agent:${concern.agent}`) : [];
  switch (concern.type) {
    case "chat-refused":
    case "unwatched":
    case "stranded-host":
    case "unreadable":
      return [];
    case "old-image":
      return ["/image build"];
    case "stuck":
    case "stuck-alone":
      return [`/retry operation:${concern.operation}`, ...about("status")];
    case "half-made":
      return [`/deploy name:${concern.agent}`, ...about("destroy")];
  }
  if (concern.type === "host-down" && concern.host === "gone") return about("status", "destroy");
  return about("restart", "status", "logs");
}

function oldImageWords({ provider, days }: OldImage): string {
  return `The golden image of ${provider} is ${days} days old.`;
}

/** Once a day. Those that need a look come first; `operations` older than a day that have ended are left out. */
export function renderDigest(
  statuses: readonly AgentStatus[],
  operations: readonly Operation[],
  nowMs: number,
  { unreadable = [], images = [] }: { unreadable?: readonly Unreadable[]; images?: readonly OldImage[] } = {},
): Message {
  // One agent's status is a sentence, and its tone the verdict.
  const seen = statuses.map((status) => ({ status, shown: showStatus([status], lookAt(nowMs)) }));
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
  const old = images.map((image) => text(`${oldImageWords(image)} /image build makes a new one.`));
  const actions = poorly[0]?.shown.actions ?? [];
  const digest = message(
    digestTitle(seen.length, poorly.length),
    poorly.length === 0 ? "good" : "bad",
    [...blocks, rest, ...old, lastDay(operations, nowMs)],
    {
      actions,
    },
  );
  return withUnreadable(digest, unreadable);
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
    state === "failed" || state === "stuck" ? 0 : state === "succeeded" || state === "cancelled" ? 2 : 1;
  const items = recent.toSorted((a, b) => rank(a) - rank(b) || b.requestedAtMs - a.requestedAtMs).map(operationLine);
  return { type: "list", title: "In the last day", items: cut(items) };
}

function operationLine(operation: Operation): string {
  switch (operation.state) {
    case "succeeded":
      return `${done(operation)}.`;
    case "failed":
      return `${doing(operation)} failed${operation.failure === null ? "." : `: ${operation.failure.userMessage}`}`;
    case "stuck":
      return `${doing(operation)} is stuck: ${(operation.failure?.leftBehind ?? []).join(" ")}`;
    case "cancelled":
      return `${doing(operation)} was cancelled.`;
    case "queued":
    case "running":
      return `${underWay(operation)} has not ended yet.`;
  }
}

function cut(items: readonly string[]): readonly string[] {
  return items.length <= SHOWN ? items : [...items.slice(0, SHOWN), `And ${items.length - SHOWN} more.`];
}
