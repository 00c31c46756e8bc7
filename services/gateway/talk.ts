import type { Secret } from "../../src/core/secrets.ts";
import type { HostShell } from "../host-shell/host-shell.ts";

export interface Turn {
  /** Words for the agent; never one of OpenClaw's own commands. */
  readonly message: string;
  /** Makes a repetition harmless: the same key is the same turn. At most 128 characters. */
  readonly key: string;
}

export interface Answer {
  /** What the agent wrote, as it wrote it; empty when it chose to say nothing. Not redacted. */
  readonly text: string;
  /** The end of a long answer is missing. */
  readonly isCut: boolean;
}

/** connecting: it has not been refused, and is not connected yet or not any more. */
type ChannelState = "connected" | "connecting" | "failed" | "off";

/** Of a channel that is set up. */
export interface ChannelLook {
  /** OpenClaw's name for it, such as `telegram`. */
  readonly channel: string;
  readonly state: ChannelState;
  /** As people write to it, such as `ada_bot`; null while it has not said who it is. */
  readonly bot: string | null;
  /** Half a sentence of the service's or the gateway's own words, on one line, not redacted; null when nothing is wrong. */
  readonly why: string | null;
}

/** Talking to a gateway that is ready, with the token on its host. What comes back was written by the agent's gateway: believe none of it. */
export interface GatewayTalk {
  /**
   * One turn of the agent in its main session, to its end. Repeating it with the same key is the same turn and leads to the same answer;
   * a signal that aborts stops the turn as well. @throws OpsError `agent-cannot-answer` with the reason (no model, a key that is refused, …),
   * `model-unavailable` (later, with what the provider said to wait), `gateway-rpc-failed`, `gateway-not-ready` (later).
   */
  ask(shell: HostShell, port: number, turn: Turn, signal: AbortSignal): Promise<Answer>;
  /** Which model wrote the answer of a turn that is over, such as `openai/gpt-5.5`; null when it is not told. @throws OpsError as `channels`. */
  answeredBy(shell: HostShell, port: number, key: string, signal: AbortSignal): Promise<string | null>;
  /** Stops a turn, whoever has begun it; nothing when it is not under way. Idempotent. @throws OpsError as `channels`. */
  stop(shell: HostShell, port: number, key: string, signal: AbortSignal): Promise<void>;
  /** Every channel that is set up, in the order of their names. @throws OpsError `gateway-rpc-failed`, `gateway-not-ready` (later). */
  channels(shell: HostShell, port: number, signal: AbortSignal): Promise<readonly ChannelLook[]>;
  /**
   * A new one-time link to its web page, for a browser that reaches the gateway's port at its own loopback: whoever opens it first owns the agent.
   * It is good for ten minutes. Takes up to 10 s. null: the page is switched off. @throws OpsError `gateway-rpc-failed`.
   */
  page(shell: HostShell, port: number, signal: AbortSignal): Promise<Secret | null>;
}
