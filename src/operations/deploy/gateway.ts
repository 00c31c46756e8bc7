import type { OutsideView } from "../../../services/provider/provider.ts";
import { OpsError } from "../../core/errors.ts";
import type { AgentName } from "../../core/names.ts";
import type { Services } from "../services.ts";
import type { Connection } from "./connection.ts";
import type { DeployContext } from "./steps.ts";

interface Target {
  readonly connection: Connection;
  readonly view: OutsideView;
  readonly agent: AgentName;
  readonly memoryMb: number;
}

/** From a reachable host to a gateway that is proven to work and to be closed. Returns its version. */
export async function bringUpGateway(services: Services, { step }: DeployContext, target: Target): Promise<string> {
  const { gateway, gatewaySettings } = services;
  const { port, containerImage } = gatewaySettings;
  const { connection, agent, memoryMb } = target;

  await step("install", async ({ signal }) => {
    const spec = { agent, memoryMb, port, containerImage, token: await gatewaySettings.token() };
    await connection.use(signal, (shell) => gateway.install(shell, spec, signal));
    return {};
  });
  await step("launch", async ({ signal }) => {
    await connection.use(signal, (shell) => gateway.start(shell, signal));
    return {};
  });
  await step("ready", async ({ signal }) => {
    await connection.use(signal, (shell) => gateway.checkReady(shell, port, signal));
    return {};
  });
  const [{ version }] = await Promise.all([
    step("access", async ({ signal }) => {
      const access = await connection.use(signal, (shell) => gateway.checkAccess(shell, port, signal));
      return { version: access.version };
    }),
    step("outside", async ({ signal }) => {
      if (await services.probeExposed(target.view, signal)) throw exposed(agent, target.view);
      return {};
    }),
  ]);
  return version;
}

function exposed(agent: AgentName, view: OutsideView): OpsError {
  return new OpsError({
    code: "gateway-exposed",
    userMessage: `The gateway of ${agent} answers from outside its host, at ${view.address} port ${view.port}.`,
    hint: "Only the host itself may reach it. Something on the host or at the provider forwards this port.",
  });
}
