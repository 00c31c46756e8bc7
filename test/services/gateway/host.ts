import { generateHostKey } from "../../../services/host-shell/host-key.ts";
import type { Host } from "../../../src/core/host.ts";
import { parseAgentName, parseHostName, parseOperationId } from "../../../src/core/names.ts";

/** A host of ada's that runs. */
export function hostCalled(name: string): Host {
  return {
    name: parseHostName(name),
    provider: "memory",
    state: "running",
    agents: [parseAgentName("ada")],
    operation: parseOperationId("0123456789abcdef"),
    createdAtMs: 0,
    region: "here",
    size: "small",
    system: "memory",
    address: "192.0.2.1",
    sshPort: 22,
    hostKeyFingerprint: generateHostKey().fingerprint,
    nextHostKeyFingerprint: null,
    gatewayPort: 18789,
    image: null,
    containerImage: "localhost/creel/openclaw:2026.9.6",
  };
}
