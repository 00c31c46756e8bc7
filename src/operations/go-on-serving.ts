import { z } from "zod";
import type { GatewayState } from "../../services/gateway/gateway.ts";
import type { AgentRegistry } from "../core/agent.ts";
import { asOpsError, OpsError } from "../core/errors.ts";
import type { Host } from "../core/host.ts";
import type { AgentName } from "../core/names.ts";
import { PATIENT } from "./definition.ts";
import { type MachinePorts, machineWith } from "./machine.ts";

const START_MS = 60_000;

/** The step in which `goOnServing` runs. The agent's next operation waits for it, and may be what helps: it is not as patient as others. */
export const servingAgain = {
  ...PATIENT,
  budgetMs: 10 * 60_000,
  title: "Start what was stopped",
  output: z.strictObject({ left: z.string() }),
};

/**
 * After an operation that stops an agent for a while and did not get to its end: a gateway that it has stopped is started again. One
 * that runs, or has failed by itself, is left as it is, and so is one that refuses to start. Safe to repeat. `left` says in a sentence or two
 * what exists now. @throws OpsError, always worth trying again: `store-unavailable`, or what says that the host does not answer.
 */
export async function goOnServing(
  ports: MachinePorts & { readonly registry: Pick<AgentRegistry, "get"> },
  name: AgentName,
  host: Host,
  signal: AbortSignal,
): Promise<z.output<typeof servingAgain.output>> {
  const exists = hostExists(host);
  const agent = await ports.registry.get(name);
  if (agent?.state !== "serving" || host.state === "stopped") return { left: exists };
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(START_MS)]);
  try {
    const { gateway, connect } = machineWith(ports, host);
    await using shell = await connect({ signal: inTime });
    const health = await gateway.health(shell, host.gatewayPort);
    if (health.state !== "stopped" && health.state !== "draining") {
      return { left: `${exists} The gateway of ${name} ${WORDS[health.state]}.` };
    }
    await gateway.start(shell, inTime);
    return { left: `${exists} The gateway of ${name} was started again.` };
  } catch (error) {
    if (inTime.aborted) throw tooSlow(host, error);
    const problem = asOpsError(error);
    if (problem.retry === "later") throw problem;
    return { left: `${exists} The gateway of ${name} may be stopped: ${problem.userMessage}` };
  }
}

/** Such as `Host ada-x4f2k1 at local exists and is running.` */
export function hostExists({ name, provider, state }: Host): string {
  return `Host ${name} at ${provider} exists and is ${state}.`;
}

function tooSlow({ name }: Host, cause: unknown): OpsError {
  return new OpsError({
    code: "timed-out",
    userMessage: `Host ${name} did not answer within ${START_MS / 1000} s.`,
    retry: "later",
    cause,
  });
}

const WORDS: Readonly<Record<Exclude<GatewayState, "stopped" | "draining">, string>> = {
  ready: "is ready",
  starting: "is starting",
  unready: "is up and not ready",
  crashed: "has crashed",
  "config-invalid": "refuses its configuration",
  absent: "is not installed",
};
