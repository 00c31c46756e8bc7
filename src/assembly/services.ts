import { join } from "node:path";
import { probeExposed } from "../../services/gateway/exposure.ts";
import { createQuadletGateway } from "../../services/gateway/quadlet-gateway.ts";
import { generateHostKey } from "../../services/host-shell/host-key.ts";
import { activateHostKey, prepareHostKey } from "../../services/host-shell/rotation.ts";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import type { Provider } from "../../services/provider/provider.ts";
import { buildUserData } from "../../services/provider/user-data.ts";
import type { Config } from "../config.ts";
import type { AgentRegistry } from "../core/agent.ts";
import { installationName } from "../folders.ts";
import type { Services } from "../operations/services.ts";
import type { Tools } from "./tools.ts";

/** The outside world as operations see it, made of the real adapters. */
export function buildServices(config: Config, { resolve, learn }: Tools, registry: AgentRegistry): Services {
  const { gateway } = config.settings;
  const local = localProvider(config);
  return {
    providers: new Map([[local.name, local]]),
    shells: createSshShells({ keyFile: join(config.stateDir, "ssh", "id_ed25519") }),
    gateway: createQuadletGateway({ onSecret: learn }),
    registry,
    hostKeys: { generate: generateHostKey, prepare: prepareHostKey, activate: activateHostKey },
    probeExposed,
    userData: buildUserData,
    gatewaySettings: {
      port: gateway.port,
      containerImage: `localhost/creel/openclaw:${gateway.openclaw}`,
      token: async () => (gateway.token === undefined ? null : await resolve(gateway.token)),
    },
  };
}

export function localProvider({ settings: { local, gateway, redis }, stateDir, cacheDir }: Config): Provider {
  return createLocalProvider({
    ...local,
    name: redis === undefined ? "local" : `local@${installationName(stateDir)}`,
    stateDir,
    cacheDir: join(cacheDir, "snapshots"),
    gatewayPort: gateway.port,
    openclawVersion: gateway.openclaw,
    ...(gateway.containerImage === undefined ? {} : { containerImage: { pull: gateway.containerImage } }),
  });
}
