import { createMemoryBotServices } from "../../services/bot-service/memory.ts";
import { createMemoryGateway, type MemoryGatewayOptions } from "../../services/gateway/memory.ts";
import { generateHostKey } from "../../services/host-shell/host-key.ts";
import { createMemoryHostShells, type MemoryHostShellsOptions } from "../../services/host-shell/memory.ts";
import { createMemoryModelApis, type MemoryProvider } from "../../services/model-api/memory.ts";
import { createMemoryProvider, type MemoryProviderOptions } from "../../services/provider/memory.ts";
import { createMemorySystem, type MemorySystemOptions } from "../../services/system/memory.ts";
import { folderWorkspaces } from "../../services/workspace/folder.ts";
import type { Services } from "../../src/assembly/services.ts";
import type { SettingsLayer } from "../../src/core/agent-settings.ts";
import { OpsError } from "../../src/core/errors.ts";
import { parseAgentName } from "../../src/core/names.ts";
import { Secret, type SecretRef, vaultRef } from "../../src/core/secrets.ts";
import type { Elsewhere } from "../../src/core/sight.ts";
import { createWakings } from "../../src/fleet/wakings.ts";
import { createMemoryOfChannels } from "../desk/memory-chat-state.ts";
import { memoryRegistry } from "../memory-registry.ts";
import { nobodyElsewhere } from "../nobody-elsewhere.ts";

export const CANARY = "canary-0f9d2c6b41e8a7735c";
export const ada = parseAgentName("ada");

export interface WorldOptions {
  readonly provider?: MemoryProviderOptions;
  readonly gateway?: MemoryGatewayOptions;
  readonly shells?: Omit<MemoryHostShellsOptions, "find">;
  readonly system?: MemorySystemOptions;
  /** Addresses at which strangers are let in; default: none. */
  readonly exposed?: (address: string) => boolean;
  /** Default: there is nobody. */
  readonly elsewhere?: Elsewhere;
  /** Default: the canary. */
  readonly token?: () => Promise<Secret | null>;
  /** What creel.yaml says for agents; default: nothing. */
  readonly layers?: () => readonly SettingsLayer[];
  /** Default: there are none. */
  readonly secret?: (ref: SecretRef) => Promise<Secret>;
  /** Where models come from, by name; default: from nowhere. */
  readonly models?: Readonly<Record<string, MemoryProvider>>;
}

async function noSecret(ref: SecretRef): Promise<Secret> {
  throw new OpsError({ code: "secret-unavailable", userMessage: `There is no ${ref}.` });
}

/** Everything operations touch, in memory; every gateway gets the canary as its token. */
export function createWorld(options: WorldOptions = {}) {
  const provider = createMemoryProvider(options.provider);
  const shells = createMemoryHostShells({ ...options.shells, find: (name) => provider.find(name) });
  const system = createMemorySystem(options.system);
  const registry = memoryRegistry();
  const gateway = createMemoryGateway(options.gateway);
  const kept = new Map<SecretRef, Secret>();
  const modelApis = createMemoryModelApis(options.models);
  const botServices = createMemoryBotServices();
  const services: Services = {
    providers: new Map([[provider.name, provider]]),
    shells,
    gatewayOn: () => gateway,
    registry,
    systems: new Map([[system.name, system]]),
    makeHostKey: generateHostKey,
    probeExposed: async ({ address }) => options.exposed?.(address) ?? false,
    wakings: createWakings(createMemoryOfChannels(() => 0)),
    elsewhere: options.elsewhere ?? nobodyElsewhere,
    networkTarget: { host: "example.net", port: 443 },
    gatewayToken: options.token ?? (async () => new Secret(CANARY)),
    layersFor: async () => options.layers?.() ?? [],
    workspaces: folderWorkspaces(),
    resolveSecret: async (ref) => kept.get(ref) ?? (await (options.secret ?? noSecret)(ref)),
    async keepSecret(name, value) {
      kept.set(vaultRef(name), value);
      return vaultRef(name);
    },
    creelsToken: async () => null,
    ...{ modelApis, botServices },
  };
  return { services, provider, shells, registry, gateway, modelApis, botServices };
}
