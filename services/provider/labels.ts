import { OpsError } from "../../src/core/errors.ts";
import { FIRST_SYSTEM, type Host } from "../../src/core/host.ts";
import { type AgentName, isAgentName, isOperationId } from "../../src/core/names.ts";

/**
 * A key or value that every cloud takes: at most 63 of a–z, 0–9, _ and -, with a letter or digit at both ends. The strictest are Google's
 * (lower case, 63) and Hetzner's (letters or digits at the ends).
 */
export type Label = string & { readonly __label: true };
export type Labels = Readonly<Record<string, Label>>;

/** What is kept with a host at its provider, so that the host says itself whose it is. */
export type HostLabels = Pick<
  Host,
  "agents" | "operation" | "system" | "image" | "hostKeyFingerprint" | "nextHostKeyFingerprint"
>;

/** What may change while a host lives. */
export type HostLabelChanges = Partial<Omit<HostLabels, "system" | "image">>;

const RULE = /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/;
const MANAGED_BY = "managed-by";
const OURS = "creel";
/** Its agents have keys of their own, because one value has no room for several. Only hosts with another number than one say how many. */
const AGENT = "creel-agent";
const NUMBER = "creel-agents";
const KEYS = {
  operation: "creel-operation",
  system: "creel-system",
  image: "creel-image",
  hostKeyFingerprint: "creel-host-key",
  nextHostKeyFingerprint: "creel-next-host-key",
} as const satisfies Record<Exclude<keyof HostLabels, "agents">, string>;

/** @throws OpsError `internal` for what no label can be: names and ids are made so that they can. */
export function parseLabel(text: string): Label {
  if (RULE.test(text)) return text as Label;
  throw new OpsError({ code: "internal", userMessage: `${JSON.stringify(text)} cannot be a label of a host.` });
}

/** All labels of a host of Creel's. */
export function toLabels(host: HostLabels): Labels {
  const of = (field: keyof typeof KEYS) => {
    const value = host[field];
    return value === null ? [] : [[parseLabel(KEYS[field]), parseLabel(value)] as const];
  };
  const fields = ["operation", "system", "image", "hostKeyFingerprint", "nextHostKeyFingerprint"] as const;
  const agents = host.agents.map((agent, index) => [agentKey(index), parseLabel(agent)] as const);
  const number = agents.length === 1 ? [] : [[NUMBER, parseLabel(String(agents.length))] as const];
  return Object.fromEntries([[MANAGED_BY, parseLabel(OURS)] as const, ...number, ...agents, ...fields.flatMap(of)]);
}

/** null for a machine that is not Creel's, or that somebody has changed into something else: it is never touched. */
export function fromLabels(labels: Readonly<Record<string, string>>): HostLabels | null {
  const agents = agentsIn(labels);
  const operation = labels[KEYS.operation];
  const hostKeyFingerprint = labels[KEYS.hostKeyFingerprint];
  if (labels[MANAGED_BY] !== OURS || hostKeyFingerprint === undefined) return null;
  if (agents === null || operation === undefined || !isOperationId(operation)) return null;
  const system = labels[KEYS.system] ?? FIRST_SYSTEM;
  const image = labels[KEYS.image] ?? null;
  const nextHostKeyFingerprint = labels[KEYS.nextHostKeyFingerprint] ?? null;
  return { agents, operation, system, image, hostKeyFingerprint, nextHostKeyFingerprint };
}

function agentKey(index: number): Label {
  return parseLabel(index === 0 ? AGENT : `${AGENT}-${index + 1}`);
}

/** null when they are not as they were written: a host that has lost its agent is not one that waits for its first. */
function agentsIn(labels: Readonly<Record<string, string>>): AgentName[] | null {
  const number = Number(labels[NUMBER] ?? 1);
  const named = Object.keys(labels).filter((key) => key === AGENT || key.startsWith(`${AGENT}-`)).length;
  if (number !== named) return null;
  const agents = Array.from({ length: named }, (_, index) => labels[agentKey(index)] ?? "");
  return agents.every(isAgentName) ? agents : null;
}
