import type { HostRecord } from "../../../../services/provider/local/record.ts";
import { parseAgentName, parseHostName, parseOperationId } from "../../../../src/core/names.ts";

/** Of a host that has not been booted yet. */
export function recordOf(name: string): HostRecord {
  return {
    ...{ managedBy: "creel", name: parseHostName(name), agents: [parseAgentName("ada")] },
    ...{ operation: parseOperationId("00mwq9ksbt0atad4"), createdAtMs: 1, region: "local", size: "small" },
    ...{
      system: "debian",
      cpus: 2,
      memoryMb: 2048,
      diskGb: 20,
      hostKeyFingerprint: "x",
      nextHostKeyFingerprint: null,
      image: "0123-0",
    },
    ...{
      installation: "0123456789abcdef",
      internet: true,
      gatewayPort: 18_789,
      containerImage: "localhost/creel/openclaw:1",
    },
    place: { driver: "qemu", sshPort: 22_222 },
    openings: [{ protocol: "tcp", port: 22, from: ["0.0.0.0/0", "::/0"] }],
    userData: "#cloud-config\n",
  };
}
