import { join } from "node:path";
import { createBotServices } from "../../services/bot-service/fetched-bot-services.ts";
import { probeExposed } from "../../services/gateway/exposure.ts";
import { createQuadletGateway } from "../../services/gateway/quadlet-gateway.ts";
import { generateHostKey } from "../../services/host-shell/host-key.ts";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import { createModelApis } from "../../services/model-api/fetched-model-apis.ts";
import { imagesIn } from "../../services/provider/local/cached-images.ts";
import { installationOf } from "../../services/provider/local/installation.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import type { Provider } from "../../services/provider/provider.ts";
import { debian } from "../../services/system/debian/debian.ts";
import { folderWorkspaces } from "../../services/workspace/folder.ts";
import { type Config, readSettingsAnew } from "../config.ts";
import type { ChannelMemory } from "../core/chat.ts";
import { vaultRef } from "../core/secrets.ts";
import { createWakings, type Wakings } from "../fleet/wakings.ts";
import type { OperationPorts } from "../operations/index.ts";
import { systemOf } from "../operations/machine.ts";
import type { QuestionPorts } from "../questions/question.ts";
import { DISCORD_API } from "../settings.ts";
import { layersIn } from "./agent-layers.ts";
import type { Tools } from "./tools.ts";

/** Every port there is. Each operation and each part of the fleet takes its own, by its type. */
export interface Services extends OperationPorts, QuestionPorts {
  readonly wakings: Wakings;
}

/** The outside world, made of the real adapters. */
export function buildServices(
  config: Config,
  { resolve, learn, vault }: Tools,
  { registry, elsewhere, memory }: Pick<Services, "registry" | "elsewhere"> & { readonly memory: ChannelMemory },
): Services {
  const { gateway, discord } = config.settings;
  const local = localProvider(config);
  const systems = new Map([[debian.name, debian]]);
  return {
    providers: new Map([[local.name, local]]),
    wakings: createWakings(memory),
    elsewhere,
    shells: createSshShells({
      keyFile: join(config.stateDir, "ssh", "id_ed25519"),
      login: ({ system }) => systemOf(systems, system).login,
    }),
    gatewayOn: (system) => createQuadletGateway({ system, onSecret: learn }),
    registry,
    systems,
    makeHostKey: generateHostKey,
    probeExposed,
    networkTarget: gateway.probe,
    gatewayToken: async () => (gateway.token === undefined ? null : await resolve(gateway.token)),
    layersFor: async (agent) => layersIn(readSettingsAnew(config), agent),
    resolveSecret: resolve,
    workspaces: folderWorkspaces(),
    async keepSecret(name, value) {
      learn(value);
      return vaultRef(await vault.add(name, value, Date.now()));
    },
    async creelsToken(channel) {
      const own = config.settings[channel];
      return own === undefined ? null : await resolve(own.token);
    },
    modelApis: createModelApis(),
    botServices: createBotServices({ discordApi: `${discord?.api ?? DISCORD_API}/v10` }),
  };
}

function localProvider({ settings: { local, gateway, redis }, stateDir, cacheDir }: Config): Provider {
  return createLocalProvider({
    ...local,
    name: redis === undefined ? "local" : `local@${installationOf(stateDir).name}`,
    stateDir,
    cacheDir: imagesIn(cacheDir),
    gatewayPort: gateway.port,
    openclawVersion: gateway.openclaw,
    ...(gateway.containerImage === undefined ? {} : { containerImage: { pull: gateway.containerImage } }),
  });
}
