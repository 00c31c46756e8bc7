import { NO_SETTINGS } from "../../core/agent-settings.ts";
import type { Secret } from "../../core/secrets.ts";
import { type Proven, type ProvingPorts, type ProvingTarget, startAndProve } from "../prove.ts";
import type { DeployContext } from "./steps.ts";

export interface TokenPorts {
  /** Resolves the configured token; null: every gateway makes its own. Read anew every time. */
  readonly gatewayToken: () => Promise<Secret | null>;
}

interface Target extends ProvingTarget {
  readonly memoryMb: number;
}

/** From a reachable host to a gateway that is proven to work and to be closed. */
export async function bringUpGateway(
  ports: ProvingPorts & TokenPorts,
  context: DeployContext,
  target: Target,
): Promise<Proven> {
  const { agent, machine, connection, memoryMb } = target;
  const { gatewayPort: port, containerImage } = machine.host;

  await context.step("install", async ({ signal }) => {
    const setup = { settings: NO_SETTINGS, secrets: new Map() };
    const token = await ports.gatewayToken();
    const spec = { ...{ agent, memoryMb, port, containerImage, token, setup }, workspace: null };
    await connection.use(signal, (shell) => machine.gateway.install(shell, spec, signal));
    return {};
  });
  return await startAndProve(ports, context, target);
}
