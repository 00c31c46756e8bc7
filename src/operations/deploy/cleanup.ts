import { asOpsError, type ErrorCode, OpsError } from "../../core/errors.ts";
import { type AgentName, hostNameFor, type OperationId } from "../../core/names.ts";
import type { Aftermath } from "../definition.ts";
import { type Services, selectProvider } from "../services.ts";

const CONSOLE_LINES = 12;
/** What a console can explain: it shows the boot and its end, and nothing of the gateway or of Creel's own settings. */
const OF_THE_BOOT: ReadonlySet<ErrorCode> = new Set(["first-boot-failed", "host-unreachable"]);

interface FailedDeploy {
  readonly id: OperationId;
  readonly request: { readonly name: AgentName; readonly provider: string | null };
  readonly error: OpsError;
}

/**
 * After a failed deploy the host is kept, so that its logs can be read, and the agent is marked as failed; after a cancelled one,
 * or when there is no host, nothing is kept. An agent that belongs to another operation is never touched.
 */
export async function cleanUpDeploy(services: Services, deploy: FailedDeploy, signal: AbortSignal): Promise<Aftermath> {
  const { id, request, error } = deploy;
  const agent = await services.registry.get(request.name);
  if (agent?.lastOperation !== id)
    return { leftBehind: [], nextCommands: agent ? [`/status agent:${agent.name}`] : [] };

  const provider = selectProvider(services, agent.provider);
  const hostName = hostNameFor(request.name, id);
  if (error.code === "cancelled") await provider.destroy(hostName);
  const host = await provider.find(hostName);
  if (host === null) {
    await services.registry.remove(request.name);
    return { leftBehind: [], nextCommands: [`/deploy name:${request.name}`] };
  }
  await services.registry.put({ ...agent, state: "failed" });
  const evidence = isToldByConsole(error)
    ? await lastLines(() => provider.consoleTail(hostName, CONSOLE_LINES), signal)
    : [];
  return {
    leftBehind: [
      `Host ${hostName} at ${provider.name} exists and is ${host.state}.`,
      `Agent ${request.name} is marked as failed; deploying it again replaces the host.`,
    ],
    nextCommands: [`/logs agent:${request.name}`, `/deploy name:${request.name}`, `/destroy agent:${request.name}`],
    evidence,
  };
}

/** A step that ran out of time has its last error as its cause. */
function isToldByConsole({ code, evidence, cause }: OpsError): boolean {
  if (evidence.length > 0) return false;
  return OF_THE_BOOT.has(code) || (code === "timed-out" && cause instanceof OpsError && isToldByConsole(cause));
}

/** Evidence is welcome but must not hide the failure it explains. */
async function lastLines(read: () => Promise<string[]>, signal: AbortSignal): Promise<string[]> {
  if (signal.aborted) return [];
  try {
    return await read();
  } catch (error) {
    return [`The host's console could not be read: ${asOpsError(error).userMessage}`];
  }
}
