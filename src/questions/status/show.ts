import { AGENT_CHANNELS, channelsGiven, channelsWaiting, SERVICE_NAMES } from "../../core/agent-settings.ts";
import { type AgentStatus, strandedBy } from "../../core/desk.ts";
import { formatAgo, formatBytes, formatDuration, formatElapsed } from "../../core/measures.ts";
import { type Action, type Block, command, type Message, message, type Tone, text } from "../../core/message.ts";
import { askedAtMs, isEnded, isUndoing, type Operation } from "../../core/operation.ts";
import type { Unreadable } from "../../core/unreadable.ts";
import type { Origins } from "../../fleet/origins.ts";
import { agentMeanwhile, doing, done, endedWord, lowerFirst, underWay } from "../../operations/words.ts";
import type { Look } from "../question.ts";
import { unreadableAdvice, unreadableTitle, withUnreadable } from "../unreadable.ts";

const NOT_KNOWN = "–";
/** Settings that are named at once. */
const MOST_NAMED = 4;
/** Agents that buttons are offered for. */
const MOST_HELPED = 4;
const NETWORK = { reached: "reached", missing: "none", off: "off, as set", unknown: NOT_KNOWN } as const;
/** Nothing has to be done about these but to wait. */
const ON_ITS_WAY: ReadonlySet<string> = new Set(["being cleaned up", "being started", "starting", "draining"]);

export function showStatus(
  agents: readonly AgentStatus[],
  look: Look,
  unreadable: readonly Unreadable[] = [],
  origins: Origins | null = null,
): Message {
  if (agents.length > 0) return withUnreadable(readable(agents, look, origins), unreadable);
  if (unreadable.length > 0) return message(unreadableTitle(unreadable), "bad", [text(unreadableAdvice(unreadable))]);
  return readable(agents, look, null);
}

function readable(agents: readonly AgentStatus[], look: Look, origins: Origins | null): Message {
  const [only] = agents;
  if (only === undefined) {
    // Without a name: nobody wants an agent that is called by a slip of the thumb.
    return message("There are no agents yet.", "plain", [text("/deploy ada makes one that is called ada.")], {
      actions: [command("Deploy one", "/deploy", "good")],
    });
  }
  return agents.length === 1 ? one(only, look, origins) : many(agents, look);
}

function many(agents: readonly AgentStatus[], look: Look): Message {
  const well = agents.filter(isWell).length;
  const title =
    well === agents.length ? `${agents.length} agents, all well.` : `${agents.length} agents, ${well} well.`;
  const poorly = agents.filter((status) => !isWell(status));
  const notes = poorly.map((status) => {
    const waits = waitsFor(status);
    if (waits !== null) return `${sentence(status)} ${waits}`;
    return status.note === null ? sentence(status) : `${status.agent.name}: ${status.note}`;
  });
  const blocks: Block[] = [
    {
      type: "table",
      head: ["Agent", "State", "Up", "Memory", "OpenClaw", "Last operation"],
      rows: agents.map((status) => [
        status.agent.name,
        stateWord(status),
        up(status),
        memory(status),
        status.version ?? NOT_KNOWN,
        lastOperation(status.lastOperation, look.nowMs),
      ]),
      brief: agents.map((status) => ({ name: status.agent.name, rest: briefly(status) })),
    },
    { type: "list", title: "To look at", items: notes },
    { type: "list", title: "Not set up yet", items: agents.filter(lacksModel).map(wantsModel) },
  ];
  return message(title, well === agents.length ? "good" : "bad", blocks, { actions: nextFor(agents, look) });
}

function one(status: AgentStatus, look: Look, origins: Origins | null): Message {
  const { agent } = status;
  const fields: [string, string][] = [
    ["Host", agent.host === null ? "none" : `${agent.host} at ${agent.provider}, ${status.host}`],
    ["Gateway", status.gateway],
    ["Network", NETWORK[status.network]],
    ["Up", up(status)],
    ["Memory", memory(status)],
    ["OpenClaw", status.version ?? NOT_KNOWN],
    ["Restarts", status.restarts === null ? NOT_KNOWN : String(status.restarts)],
    ["Last operation", lastOperation(status.lastOperation, look.nowMs)],
    ...abilities(status, origins),
  ];
  const missing = [...missingOf(status), ...notHandedOver(status, origins)];
  const block: Block = { type: "fields", fields: fields.map(([name, value]) => ({ name, value })) };
  const wanted = missing.map(({ command: line }) => look.action(line));
  const notes = missing.map(({ note }) => text(note));
  return message(
    sentence(status),
    toneOf(status),
    [text(waitsFor(status)), text(status.note), ...notes, block, ...(origins?.overrides ?? []).map(text)],
    {
      actions: [...nextFor([status], look), ...wanted],
    },
  );
}

/** What the agent answers with, and where it can be written to. */
function abilities({ agent, channels }: AgentStatus, origins: Origins | null): [string, string][] {
  const { applied, bots } = agent.settings;
  const model: [string, string][] =
    applied?.model == null ? [] : [["Model", [applied.model, origins?.model ?? []].flat().join(", ")]];
  const each = AGENT_CHANNELS.filter((channel) => applied?.channels[channel] != null).map(
    (channel): [string, string] => {
      if (applied?.channels[channel]?.token == null) return [SERVICE_NAMES[channel], "its bot's token is missing"];
      const state = channels?.find((one) => one.channel === channel)?.state ?? NOT_KNOWN;
      const bot = bots[channel];
      return [SERVICE_NAMES[channel], bot === null ? state : `@${bot.name}, ${state}`];
    },
  );
  return [...model, ...each];
}

/** What nobody has given an agent that serves yet, the most important first. Of one that an older Creel has deployed nothing is known. */
function missingOf(status: AgentStatus): readonly { readonly note: string; readonly command: string }[] {
  const { agent } = status;
  const { applied } = agent.settings;
  if (agent.isUnread === true && agent.state === "serving") {
    const note =
      "What it is set up with has not been read from its host since it was adopted; its next operation does.";
    return [{ note, command: `/configure agent:${agent.name}` }];
  }
  if (applied === null || stateWord(status) !== "ready") return [];
  if (lacksModel(status)) {
    return [{ note: "It has no model yet, so it cannot answer.", command: `/model agent:${agent.name}` }];
  }
  const waiting = channelsWaiting(applied).map((channel) => ({
    note: `Nobody has given the token of its bot on ${SERVICE_NAMES[channel]} yet.`,
    command: `/connect agent:${agent.name} channel:${channel}`,
  }));
  if (waiting.length > 0 || channelsGiven(applied).length > 0) return waiting;
  return [{ note: "No bot is connected to it yet; /ask reaches it.", command: `/connect agent:${agent.name}` }];
}

/** What creel.yaml says otherwise since the agent was set up. */
function notHandedOver({ agent }: AgentStatus, origins: Origins | null) {
  if (origins === null || origins.changed.length === 0) return [];
  const more = origins.changed.length - MOST_NAMED;
  const names = [...origins.changed.slice(0, MOST_NAMED), ...(more > 0 ? [`${more} more`] : [])].join(", ");
  return [{ note: `creel.yaml says otherwise by now: ${names}.`, command: `/configure agent:${agent.name}` }];
}

/** It is well, and of no use yet. */
function lacksModel(status: AgentStatus): boolean {
  return stateWord(status) === "ready" && status.agent.settings.applied?.model === null;
}

function wantsModel({ agent: { name } }: AgentStatus): string {
  return `${name} has no model yet: /model agent:${name}`;
}

function toneOf(status: AgentStatus): Tone {
  if (isWell(status)) return "good";
  return ON_ITS_WAY.has(stateWord(status)) ? "plain" : "bad";
}

/** Such as `ada is ready.` */
function sentence(status: AgentStatus): string {
  const state = stateWord(status);
  const but = state === "ready" && status.note !== null ? ", but not well" : "";
  return `${status.agent.name} ${predicate(state)}${but}.`;
}

/** While an operation works on it, what it looks like from outside means nothing. */
function isWell(status: AgentStatus): boolean {
  const state = stateWord(status);
  if (waitsFor(status) !== null) return false;
  return state === worksOn(status) || (state === "ready" && status.note === null);
}

/** Who has to come before its operation goes on; null when that takes its course. */
function waitsFor({ lastOperation }: AgentStatus): string | null {
  if (lastOperation === null || isEnded(lastOperation) || lastOperation.waitingFor === null) return null;
  return `That waits for ${lastOperation.waitingFor}.`;
}

/** What an operation makes of it that has not ended; null: there is none, or the agent stays as it looks from outside. */
function worksOn({ agent, lastOperation }: AgentStatus): string | null {
  if (agent.state === "deploying") return agent.state;
  return lastOperation === null || isEnded(lastOperation) ? null : agentMeanwhile(lastOperation);
}

/** One word or two for what a person cares about most: an operation under way, then the host, then the gateway. */
function stateWord(status: AgentStatus): string {
  const { agent, host, gateway, network, lastOperation } = status;
  const stranded = strandedBy(status);
  if (stranded !== null) return stranded;
  if (lastOperation !== null && isUndoing(lastOperation)) return "being cleaned up";
  const meanwhile = worksOn(status);
  if (meanwhile !== null) return meanwhile;
  if (host === "gone") return "gone";
  if (host === "stopped") return "switched off";
  if (host === "starting") return "being started";
  if (agent.state === "failed") return "failed";
  if (host === "unknown") return "unknown";
  if (host === "none") return "without host";
  if (gateway === "ready" && network === "missing") return "no network";
  return gateway === "config-invalid" ? "misconfigured" : gateway;
}

/** Where "is" and the word of the table would not make a sentence. */
const PREDICATES: Readonly<Partial<Record<string, string>>> = {
  gone: "has lost its host",
  absent: "has no gateway",
  crashed: "has crashed",
  unready: "is up, but not ready",
  unknown: "cannot be asked",
  "no network": "is up, but has no network",
  "without host": "has no host",
};

function predicate(state: string): string {
  return PREDICATES[state] ?? `is ${state}`;
}

function up({ upMs }: AgentStatus): string {
  return upMs === null ? NOT_KNOWN : formatElapsed(upMs);
}

function memory({ memoryBytes }: AgentStatus): string {
  return memoryBytes === null ? NOT_KNOWN : formatBytes(memoryBytes);
}

function lastOperation(operation: Operation | null, nowMs: number): string {
  if (operation === null) return NOT_KNOWN;
  const verb = { kind: operation.kind, agent: null };
  if (!isEnded(operation))
    return `${lowerFirst(underWay(operation, null))}, ${formatDuration(nowMs - askedAtMs(operation))}`;
  const ago = formatAgo(nowMs - (operation.endedAtMs ?? operation.requestedAtMs));
  if (operation.state === "succeeded") return `${lowerFirst(done(verb))} ${ago}`;
  return `${lowerFirst(doing(verb))} ${endedWord(operation)} ${ago}`;
}

/** State and time, which fit on a line of a phone; what is missing says more than the time. */
function briefly(status: AgentStatus): string {
  if (lacksModel(status)) return `${stateWord(status)} · no model`;
  return status.upMs === null ? stateWord(status) : `${stateWord(status)} · up ${up(status)}`;
}

/** Of several agents only the best remedies of the first few, so that the buttons can still be told apart. */
function nextFor(agents: readonly AgentStatus[], look: Look): Action[] {
  const unwell = agents.filter((status) => !isWell(status));
  const stuck = unwell.filter((status) => !ON_ITS_WAY.has(stateWord(status)));
  const broken = stuck.length > 0 ? stuck : unwell;
  const each = broken.length === 1 ? Number.POSITIVE_INFINITY : 2;
  const lines = broken.slice(0, MOST_HELPED).flatMap((status) => remediesFor(status).slice(0, each));
  return lines.map((line) => look.action(line));
}

/** What helps an agent that is not well, the best first. What comes up by itself is not to be destroyed, nor what serves. */
function remediesFor(status: AgentStatus): readonly string[] {
  const { name, state } = status.agent;
  if (waitsFor(status) !== null) return [`/cancel operation:${status.lastOperation?.id}`];
  if (status.lastOperation?.state === "stuck") {
    const retry = `/retry operation:${status.lastOperation.id}`;
    // The way out where going on leads nowhere, as when an older Creel began it. What serves is not to be destroyed.
    return state === "serving" ? [retry] : [retry, `/destroy agent:${name}`];
  }
  if (strandedBy(status) === "half-made") return [`/deploy name:${name}`, `/destroy agent:${name}`];
  if (ON_ITS_WAY.has(stateWord(status))) return [`/status agent:${name}`, `/logs agent:${name}`];
  if (status.host === "gone") return [`/destroy agent:${name}`];
  if (state === "failed") return [`/deploy name:${name}`, `/logs agent:${name}`, `/destroy agent:${name}`];
  // A restart does nothing for a network that is not there.
  if (stateWord(status) === "no network") return [`/logs agent:${name}`, `/restart agent:${name}`];
  return [`/restart agent:${name}`, `/logs agent:${name}`, `/destroy agent:${name}`];
}
