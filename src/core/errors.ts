/**
 * Everything that can go wrong in a way a person should be told about, one line of meaning each.
 * Adapters translate into these at their edge, by status or code; nothing else invents new ones.
 */
export type ErrorCode =
  /** What was typed cannot be understood or is not allowed by a command's options. */
  | "input-invalid"
  /** `creel.yaml` or the environment does not fit the schema. */
  | "config-invalid"
  /** The actor is not an owner, or an operator who asked for what only owners may do. */
  | "not-permitted"
  /** The actor has asked for this too often. */
  | "rate-limited"
  /** A confirmation was expected and is missing or does not match. */
  | "confirmation-required"
  /** The named agent, operation or generation does not exist. */
  | "not-found"
  /** The named agent exists already. */
  | "already-exists"
  /** The agent is in a state in which the request makes no sense. */
  | "wrong-state"
  /** A program or kernel feature this machine needs is missing. */
  | "tool-missing"
  /** The machine has no room: disk, memory, addresses or a quota. */
  | "capacity"
  /** A port or address is taken by something else. */
  | "address-in-use"
  /** The provider answered with an error of its own. */
  | "provider-failed"
  /** Building the golden image failed. */
  | "image-failed"
  /** The host does not exist any more. */
  | "host-gone"
  /** The host does not answer on SSH (yet). */
  | "host-unreachable"
  /** The host answered with another SSH host key than the one it was given. */
  | "host-key-mismatch"
  /** A command on the host ended with an exit status that is not 0. */
  | "host-command-failed"
  /** The first boot of the host ended with errors, or not at all. */
  | "first-boot-failed"
  /** The gateway is up but not ready (yet). */
  | "gateway-not-ready"
  /** The gateway refuses its configuration (exit status 78). */
  | "gateway-config-invalid"
  /** OpenClaw does not accept the settings of an agent; nothing was changed. */
  | "settings-refused"
  /** The gateway stopped by itself. */
  | "gateway-crashed"
  /** The gateway answers RPC but not with the scopes Creel needs, or not as its protocol says. */
  | "gateway-rpc-failed"
  /** The gateway answers to callers from outside its host. */
  | "gateway-exposed"
  /** A secret reference cannot be resolved. */
  | "secret-unavailable"
  /** A chat service does not answer, or asks to wait. */
  | "chat-unavailable"
  /** The bot may not write there (any more): removed, blocked, a permission missing, or the place is gone. */
  | "chat-forbidden"
  /** The chat service refuses the bot itself: token revoked, intent missing, a second bot on the same token. */
  | "chat-refused"
  /** A provider of models does not take the key, or wants one. */
  | "key-refused"
  /** The agent was asked and cannot answer: it has no model, or what its model needs is missing. */
  | "agent-cannot-answer"
  /** A provider of models does not answer, or asks to wait. */
  | "model-unavailable"
  /** Redis cannot be reached or refuses to work as a durable store. */
  | "store-unavailable"
  /** A step did not end within its time budget. */
  | "timed-out"
  /** Someone asked for the operation to stop. */
  | "cancelled"
  /** Another worker has taken the operation over; this one must not write any more. */
  | "superseded"
  /** The operation was written by a version of Creel whose steps this one does not know. */
  | "unknown-version"
  /** A defect in Creel. */
  | "internal";

export interface OpsErrorFields {
  readonly code: ErrorCode;
  /** One or two sentences for the person who asked; never holds a secret. */
  readonly userMessage: string;
  /** What to do next, as a sentence or a command; null when there is nothing to do. */
  readonly hint?: string | null;
  /** "later": the same call may succeed in a moment; the step runner retries it within the step's budget. */
  readonly retry?: "never" | "later";
  /** How long the service said to wait; null or absent when it said nothing. */
  readonly retryAfterMs?: number | null;
  /** Log lines that show the cause, oldest first; redacted by whoever stores or shows them. */
  readonly evidence?: readonly string[];
  readonly cause?: unknown;
}

/** The only error that crosses a port. */
export class OpsError extends Error {
  readonly code: ErrorCode;
  readonly userMessage: string;
  readonly hint: string | null;
  readonly retry: "never" | "later";
  readonly retryAfterMs: number | null;
  readonly evidence: readonly string[];

  constructor(fields: OpsErrorFields) {
    super(fields.userMessage, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = "OpsError";
    this.code = fields.code;
    this.userMessage = fields.userMessage;
    this.hint = fields.hint ?? null;
    this.retry = fields.retry ?? "never";
    this.retryAfterMs = fields.retryAfterMs ?? null;
    this.evidence = fields.evidence ?? [];
  }
}

/** What a call throws that was stopped through its signal: the reason itself when it is one of ours. */
export function stopped(signal: AbortSignal): OpsError {
  if (signal.reason instanceof OpsError) return signal.reason;
  return new OpsError({ code: "cancelled", userMessage: "It was stopped on request.", cause: signal.reason });
}

/** What `work` comes to, unless the signal aborts before: then what `stopped` says, and nobody waits for `work` any more. */
export async function unlessStopped<T>(work: T | Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  if (signal.aborted) throw stopped(signal);
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = () => reject(stopped(signal));
  signal.addEventListener("abort", stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Returns `error` itself when it is an `OpsError`, else wraps it as a defect of Creel with the original as its cause. */
export function asOpsError(error: unknown): OpsError {
  if (error instanceof OpsError) return error;
  return new OpsError({
    code: "internal",
    userMessage: `Something went wrong inside Creel: ${error instanceof Error ? error.message : String(error)}`,
    hint: "Please report it, with the end of creel.log in the state folder.",
    cause: error,
  });
}
