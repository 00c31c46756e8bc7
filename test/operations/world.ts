import { createMemoryGateway, type MemoryGatewayOptions } from "../../services/gateway/memory.ts";
import { generateHostKey } from "../../services/host-shell/host-key.ts";
import { createMemoryHostShells, type MemoryHostShellsOptions } from "../../services/host-shell/memory.ts";
import { activateHostKey, prepareHostKey } from "../../services/host-shell/rotation.ts";
import { createMemoryProvider, type MemoryProviderOptions } from "../../services/provider/memory.ts";
import { buildUserData } from "../../services/provider/user-data.ts";
import { parseAgentName } from "../../src/core/names.ts";
import { Secret } from "../../src/core/secrets.ts";
import type { Services } from "../../src/operations/services.ts";
import { memoryRegistry } from "../memory-registry.ts";

export const CANARY = "canary-0f9d2c6b41e8a7735c";
export const ada = parseAgentName("ada");

export interface WorldOptions {
  readonly provider?: MemoryProviderOptions;
  readonly gateway?: MemoryGatewayOptions;
  readonly shells?: Omit<MemoryHostShellsOptions, "find">;
  readonly exposed?: boolean;
  /** Default: the canary. */
  readonly token?: () => Promise<Secret | null>;
}

/** Everything operations touch, in memory; every gateway gets the canary as its token. */
export function createWorld(options: WorldOptions = {}) {
  const provider = createMemoryProvider(options.provider);
  const shells = createMemoryHostShells({ ...options.shells, find: (name) => provider.find(name) });
  const registry = memoryRegistry();
  const services: Services = {
    providers: new Map([[provider.name, provider]]),
    shells,
    gateway: createMemoryGateway(options.gateway),
    registry,
    hostKeys: { generate: generateHostKey, prepare: prepareHostKey, activate: activateHostKey },
    probeExposed: async () => options.exposed ?? false,
    userData: buildUserData,
    gatewaySettings: {
      port: 18_789,
      containerImage: "localhost/creel/openclaw:2026.9.6",
      token: options.token ?? (async () => new Secret(CANARY)),
    },
  };
  return { services, provider, shells, registry };
}
