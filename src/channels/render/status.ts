import type { AgentStatus } from "../../core/desk.ts";
import { formatAgo, formatBytes, formatDuration, formatElapsed } from "../../core/measures.ts";
import { isEnded, type Operation } from "../../core/operation.ts";
import { type Action, type Block, command, type Message, message, text } from "../message.ts";
import { actionFor } from "./actions.ts";
import { doing, done, lowerFirst } from "./words.ts";

const NOT_KNOWN = "–";

export function renderStatus(agents: readonly AgentStatus[], nowMs: number): Message {
  const [only] = agents;
  if (only === undefined) {
    return message("There are no agents yet.", "plain", [], {
      actions: [command("Deploy one", "/deploy name:ada", "good")],
    });
  }
  return agents.length === 1 ? one(only, nowMs) : many(agents, nowMs);
}

function many(agents: readonly AgentStatus[], nowMs: number): Message {
  const well = agents.filter(isWell).length;
  const title =
    well === agents.length ? `${agents.length} agents, all well.` : `${agents.length} agents, ${well} well.`;
  const notes = agents.flatMap((status) => (status.note === null ? [] : [`${status.agent.name}: ${status.note}`]));
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
        lastOperation(status.lastOperation, nowMs),
      ]),
    },
    { type: "list", title: "To look at", items: notes },
  ];
  return message(title, well === agents.length ? "good" : "bad", blocks, { actions: nextFor(agents) });
}

function one(status: AgentStatus, nowMs: number): Message {
  const { agent } = status;
  const fields: [string, string][] = [
    ["Host", agent.host === null ? "none" : `${agent.host} at ${agent.provider}, ${status.host}`],
    ["Gateway", status.gateway],
    ["Up", up(status)],
    ["Memory", memory(status)],
    ["OpenClaw", status.version ?? NOT_KNOWN],
    ["Restarts", status.restarts === null ? NOT_KNOWN : String(status.restarts)],
    ["Last operation", lastOperation(status.lastOperation, nowMs)],
  ];
  const block: Block = { type: "fields", fields: fields.map(([name, value]) => ({ name, value })) };
  const title = `${agent.name} ${predicate(stateWord(status))}.`;
  return message(title, isWell(status) ? "good" : "bad", [text(status.note), block], { actions: nextFor([status]) });
}

function isWell(status: AgentStatus): boolean {
  return ["ready", "deploying", "destroying"].includes(stateWord(status));
}

/** One word or two for what a person cares about most: an operation under way, then the host, then the gateway. */
function stateWord({ agent, host, gateway, lastOperation }: AgentStatus): string {
  if (agent.state === "deploying") return agent.state;
  if (lastOperation?.kind === "destroy" && !isEnded(lastOperation)) return "destroying";
  if (host === "gone") return "gone";
  if (host === "stopped") return "switched off";
  if (agent.state === "failed") return "failed";
  if (host === "unknown") return "unknown";
  if (host === "none") return "without host";
  return gateway === "config-invalid" ? "misconfigured" : gateway;
}

/** Where "is" and the word of the table would not make a sentence. */
const PREDICATES: Readonly<Partial<Record<string, string>>> = {
  gone: "has lost its host",
  absent: "has no gateway",
  crashed: "has crashed",
  unknown: "cannot be asked",
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
  if (!isEnded(operation)) return `${lowerFirst(doing(verb))}, ${formatDuration(nowMs - operation.requestedAtMs)}`;
  const ago = formatAgo(nowMs - (operation.endedAtMs ?? operation.requestedAtMs));
  if (operation.state === "succeeded") return `${lowerFirst(done(verb))} ${ago}`;
  return `${lowerFirst(doing(verb))} ${operation.state === "failed" ? "failed" : "was cancelled"} ${ago}`;
}

function nextFor(agents: readonly AgentStatus[]): Action[] {
  const broken = agents.find((status) => !isWell(status));
  if (broken === undefined) return [];
  const { name } = broken.agent;
  const lines = broken.host === "gone" ? [`/destroy agent:${name}`] : [`/logs agent:${name}`, `/destroy agent:${name}`];
  return lines.map((line) => actionFor(line));
}
