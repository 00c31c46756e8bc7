import type { Gateway } from "../../../services/gateway/gateway.ts";
import type { HostShell } from "../../../services/host-shell/host-shell.ts";
import {
  AGENT_CHANNELS,
  type AgentChannel,
  type AgentSettings,
  type Bot,
  SERVICE_NAMES,
} from "../../core/agent-settings.ts";
import { OpsError } from "../../core/errors.ts";
import type { AgentName } from "../../core/names.ts";
import { type Redact, redactLines } from "../../core/redaction.ts";

const GREETING = "Say hello to your owner in one short sentence, and nothing else.";
/** An agent writes what it likes, and this is kept in the journal. */
const LONGEST_ANSWER = 600;
/** What a channel says of itself right after its settings have changed may be about those before. */
const SETTLING_MS = 15_000;

interface Talking {
  readonly talk: Pick<Gateway["talk"], "ask" | "answeredBy" | "channels">;
  readonly shell: HostShell;
  readonly port: number;
}

/** The agent's first answer, on one line. Repeating it with the same key is the same turn, also when it has failed. @throws OpsError as `GatewayTalk.ask`; `agent-cannot-answer` when a fallback answered. */
export async function firstAnswer(
  { talk, shell, port }: Talking,
  {
    key,
    redact,
    settings: { model, fallbacks },
  }: { readonly key: string; readonly redact: Redact; readonly settings: AgentSettings },
  signal: AbortSignal,
): Promise<string> {
  const { text } = await talk.ask(shell, port, { message: GREETING, key }, signal);
  // An answer of another model is no proof of this one.
  const by = fallbacks.length === 0 ? null : await talk.answeredBy(shell, port, key, signal);
  if (by !== null && by !== model && fallbacks.includes(by)) throw answeredInstead(model, by);
  // Cut before it is redacted, so that it takes no time, and to less after it, so that no cut goes through a secret.
  const [line] = redactLines([text.trim().replace(/\s+/g, " ")], redact, LONGEST_ANSWER);
  return line ?? "";
}

/**
 * For a step that is tried again: returns when every one of the channels is connected as the bot it should be. `elapsed`: ms since some moment.
 * @throws OpsError `gateway-not-ready` (later) while one comes up; `chat-refused` for one that will not, with what the gateway says of it.
 */
export function connectedAs(
  agent: AgentName,
  bots: Readonly<Partial<Record<AgentChannel, Bot | null>>>,
  elapsed: () => number,
): (talking: Talking, signal: AbortSignal) => Promise<void> {
  let sinceMs: number | null = null;
  return async ({ talk, shell, port }, signal) => {
    sinceMs ??= elapsed();
    const found = await talk.channels(shell, port, signal);
    for (const channel of AGENT_CHANNELS.filter((one) => one in bots)) {
      const state = found.find((one) => one.channel === channel);
      const expected = bots[channel]?.name ?? null;
      const isExpected = expected === null || state?.bot == null || state.bot === expected;
      if (state?.state === "connected" && isExpected) continue;
      const isSettling = state?.state !== "failed" || elapsed() - sinceMs < SETTLING_MS;
      throw notConnected({ agent, channel, why: state?.why ?? null, isSettling });
    }
  };
}

function answeredInstead(model: string | null, by: string): OpsError {
  return new OpsError({
    code: "agent-cannot-answer",
    userMessage: `${model ?? "Its model"} does not answer: its fallback ${by} did instead.`,
    hint: "/logs shows why; /model chooses another one.",
  });
}

function notConnected(fields: {
  readonly agent: AgentName;
  readonly channel: AgentChannel;
  readonly why: string | null;
  readonly isSettling: boolean;
}): OpsError {
  const { agent, channel, why, isSettling } = fields;
  const service = SERVICE_NAMES[channel];
  return new OpsError({
    code: isSettling ? "gateway-not-ready" : "chat-refused",
    userMessage: `The bot of ${agent} is not connected to ${service}${why === null ? " yet" : `: ${why}`}.`,
    hint: `If another program uses this bot, stop that one; /logs agent:${agent} shows more. If its token was revoked, /connect agent:${agent} channel:${channel} token:new asks for another one.`,
    retry: isSettling ? "later" : "never",
  });
}
