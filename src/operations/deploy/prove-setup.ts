import type { AgentRegistry } from "../../core/agent.ts";
import type { AgentChannel, KeptSettings } from "../../core/agent-settings.ts";
import { asOpsError, type ErrorCode } from "../../core/errors.ts";
import type { AgentName, OperationId } from "../../core/names.ts";
import type { Redact } from "../../core/redaction.ts";
import type { ProvingTarget } from "../prove.ts";
import type { SettingsPorts } from "../settings/ports.ts";
import { connectedAs, firstAnswer } from "../settings/prove.ts";
import { redactorFor } from "../settings/setup.ts";
import { underWay } from "../settings/under-way.ts";
import type { DeployContext } from "./steps.ts";

/** How long what a service refuses for a while is tried again. The agent serves without it, and its owner waits. */
const PATIENCE_MS = 60_000;

/** What is wrong with what the agent was set up with, or with who is asked: the agent itself is well. */
const OF_THE_SETUP: ReadonlySet<ErrorCode> = new Set([
  ...(["agent-cannot-answer", "model-unavailable", "key-refused", "chat-refused", "chat-unavailable"] as const),
  ...(["gateway-rpc-failed", "gateway-not-ready"] as const),
]);

interface Target extends ProvingTarget {
  readonly model: string | null;
  /** Channels that it is given. */
  readonly given: readonly AgentChannel[];
  readonly bots: KeptSettings["bots"];
}

export interface ProvenSetup {
  /** null: there is no model, or it does not answer. */
  readonly answer: string | null;
  /** Why it does not answer; null when it does, or has no model. */
  readonly answerTrouble: string | null;
  /** Why one of its bots is not connected; null when all of them are. */
  readonly botTrouble: string | null;
}

interface Ports extends Pick<SettingsPorts, "resolveSecret"> {
  readonly registry: Pick<AgentRegistry, "get">;
}

/** That the model answers and bots are connected, for what there is of both. That they are not is a result: the agent serves, and can be given others. */
export async function proveSetup(ports: Ports, context: DeployContext, target: Target): Promise<ProvenSetup> {
  const [{ answer, why }, bots] = await Promise.all([
    proveAnswer(ports, context, target),
    proveBots(ports, context, target),
  ]);
  return { answer, answerTrouble: why, botTrouble: bots.why };
}

async function proveAnswer(
  ports: Ports,
  { id, step, elapsed }: DeployContext,
  { agent, machine, connection, model }: Target,
) {
  if (model === null) return { answer: null, why: null };
  const { gateway, host } = machine;
  const attempt = withPatience(elapsed);
  let turns = 0;
  return await step("answers", async ({ signal }) => {
    const { settings } = await underWay(ports.registry, agent, id);
    const redact = await redactorFor(ports, settings);
    // A turn that has failed stays failed.
    const key = turns === 0 ? `creel-${id}` : `creel-${id}-${turns}`;
    const outcome = await attempt(signal, redact, () =>
      connection.use(signal, (shell) =>
        firstAnswer({ talk: gateway.talk, shell, port: host.gatewayPort }, { key, redact, settings }, signal),
      ),
    ).catch((error: unknown) => {
      if (asOpsError(error).code === "model-unavailable") turns += 1;
      throw error;
    });
    return "why" in outcome ? { answer: null, why: outcome.why } : { answer: outcome.value, why: null };
  });
}

async function proveBots(
  ports: Ports,
  { id, step, elapsed }: DeployContext,
  { agent, machine, connection, given, bots }: Target,
) {
  if (given.length === 0) return { why: null };
  const { gateway, host } = machine;
  const attempt = withPatience(elapsed);
  const look = connectedAs(agent, Object.fromEntries(given.map((channel) => [channel, bots[channel]])), elapsed);
  return await step("connected", async ({ signal }) => {
    const outcome = await attempt(signal, await redactorOf(ports, agent, id), () =>
      connection.use(signal, (shell) => look({ talk: gateway.talk, shell, port: host.gatewayPort }, signal)),
    );
    return { why: "why" in outcome ? outcome.why : null };
  });
}

async function redactorOf(ports: Ports, agent: AgentName, operation: OperationId): Promise<Redact> {
  return await redactorFor(ports, (await underWay(ports.registry, agent, operation)).settings);
}

/** For the attempts of one step: throws what is worth another attempt, and makes a result of what the setup is to blame for. */
function withPatience(elapsed: () => number) {
  let sinceMs: number | null = null;
  return async <T>(
    signal: AbortSignal,
    redact: Redact,
    work: () => Promise<T>,
  ): Promise<{ value: T } | { why: string }> => {
    sinceMs ??= elapsed();
    try {
      return { value: await work() };
    } catch (error) {
      const { code, retry, userMessage } = asOpsError(error);
      const isAnswer = OF_THE_SETUP.has(code) && (retry === "never" || elapsed() - sinceMs >= PATIENCE_MS);
      if (signal.aborted || !isAnswer) throw error;
      return { why: redact(userMessage) };
    }
  };
}
