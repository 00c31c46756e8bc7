import { OpsError } from "./errors.ts";

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** What users call an agent: 1 to 32 of a–z, 0–9 and "-", starting with a letter, not ending with "-". Safe as a host name label. */
export type AgentName = Branded<"AgentName">;
/** Sortable, unguessable and safe in host names, file names and BullMQ job ids: 10 base-36 digits of time, 6 random. */
export type OperationId = Branded<"OperationId">;
/** A host's name and id inside one provider: the agent and the end of the operation that created it. */
export type HostName = Branded<"HostName">;

const AGENT_NAME = /^[a-z](?:[a-z0-9-]{0,30}[a-z0-9])?$/;
const OPERATION_ID = /^[0-9a-z]{16}$/;
const HOST_NAME = /^[a-z](?:[a-z0-9-]{0,37}[a-z0-9])?$/;

export function isAgentName(text: string): text is AgentName {
  return AGENT_NAME.test(text);
}

/** @throws OpsError `input-invalid` that says which names are allowed. */
export function parseAgentName(text: string): AgentName {
  if (isAgentName(text)) return text;
  throw new OpsError({
    code: "input-invalid",
    userMessage: `${quoteForMessage(text)} is not a name for an agent.`,
    hint: "Use 1 to 32 of a–z, 0–9 and -, starting with a letter and not ending with -, such as ada or team-bot-2.",
  });
}

export function isOperationId(text: string): text is OperationId {
  return OPERATION_ID.test(text);
}

/** @throws OpsError `input-invalid`. */
export function parseOperationId(text: string): OperationId {
  if (isOperationId(text)) return text;
  throw new OpsError({
    code: "input-invalid",
    userMessage: `${quoteForMessage(text)} is not the id of an operation.`,
    hint: "/history lists operations with their ids.",
  });
}

/** `random` is a number in [0, 1). Ids made later sort after earlier ones. */
export function makeOperationId(nowMs: number, random: () => number): OperationId {
  const time = Math.floor(nowMs).toString(36).padStart(10, "0").slice(-10);
  const tail = Array.from({ length: 5 }, () => Math.floor(random() * 36).toString(36)).join("");
  // A digit at its end, and so at the end of a host's name, tells both from words: chats show them as what is copied.
  const digit = Math.floor(random() * 10);
  return `${time}${tail}${digit}` as OperationId;
}

/** The same for every repetition of the same operation, so that a repeated step finds the host it has already created. */
export function hostNameFor(agent: AgentName, operation: OperationId): HostName {
  return `${agent}-${operation.slice(-6)}` as HostName;
}

/** @throws OpsError `input-invalid`. */
export function parseHostName(text: string): HostName {
  if (HOST_NAME.test(text)) return text as HostName;
  throw new OpsError({ code: "input-invalid", userMessage: `${quoteForMessage(text)} is not the name of a host.` });
}

/** Shows what somebody typed inside a sentence: quoted, with control characters escaped, at most 40 characters of it. */
export function quoteForMessage(text: string): string {
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  // JSON leaves DEL, C1 controls and direction overrides as they are; a terminal would act on them.
  return shown.replace(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, (c) => {
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
