import { type AgentChannel, type KeptSettings, NO_SETTINGS } from "../../core/agent-settings.ts";
import { OpsError } from "../../core/errors.ts";
import type { Secret } from "../../core/secrets.ts";
import { type Proven, type ProvingPorts, type ProvingTarget, proveGateway, startGateway } from "../prove.ts";
import { secretsOf } from "../settings/setup.ts";
import { underWay } from "../settings/under-way.ts";
import { type ProvenSetup, proveSetup } from "./prove-setup.ts";
import { contentsOf, type SetupPorts } from "./setup.ts";
import type { DeployContext } from "./steps.ts";

export interface TokenPorts {
  /** Resolves the configured token; null: every gateway makes its own. Read anew every time. */
  readonly gatewayToken: () => Promise<Secret | null>;
}

interface Target extends ProvingTarget {
  readonly memoryMb: number;
  /** false of a deploy that was begun by a Creel that knew none. */
  readonly hasSettings: boolean;
  readonly model: string | null;
  readonly given: readonly AgentChannel[];
  readonly bots: KeptSettings["bots"];
}

/** From a reachable host to a gateway that is proven to work with what it was given, and to be closed. */
export async function bringUpGateway(
  ports: ProvingPorts & TokenPorts & SetupPorts,
  context: DeployContext,
  target: Target,
): Promise<Proven & ProvenSetup> {
  const { agent, machine, connection, memoryMb, hasSettings } = target;
  const { gatewayPort: port, containerImage } = machine.host;

  const settingsNow = async () =>
    hasSettings ? (await underWay(ports.registry, agent, context.id)).settings : NO_SETTINGS;
  await context.step("install", async ({ signal }) => {
    const token = await ports.gatewayToken();
    const settings = await settingsNow();
    const { secrets, workspace } = await contentsOf(ports, settings, signal);
    const setup = { settings, secrets };
    const spec = { agent, memoryMb, port, containerImage, token, setup, workspace: workspace?.files ?? null };
    await connection.use(signal, (shell) => machine.gateway.install(shell, spec, signal));
    return {};
  });
  await startGateway(context, target, async (error, shell, signal) => {
    if (!(error instanceof OpsError) || error.code !== "gateway-config-invalid") return error;
    try {
      const settings = await settingsNow();
      const setup = { settings, secrets: await secretsOf(ports, settings) };
      await machine.gateway.settings.check(shell, { port, containerImage, setup }, signal);
      return error;
    } catch (said) {
      return said instanceof OpsError && said.code === "settings-refused" ? refusing(error, said) : error;
    }
  });
  const [proven, setup] = await Promise.all([proveGateway(ports, context, target), proveSetup(ports, context, target)]);
  return { ...proven, ...setup };
}

/** A gateway names settings as OpenClaw does; what OpenClaw says of them for Creel has the names of creel.yaml. */
function refusing(error: OpsError, said: OpsError): OpsError {
  const hint = "Correct them in creel.yaml, and deploy again.";
  return new OpsError({ ...error, userMessage: said.userMessage, hint, evidence: said.evidence, cause: error });
}
