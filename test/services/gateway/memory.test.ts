import { describe, expect, it } from "vitest";
import { createMemoryGateway } from "../../../services/gateway/memory.ts";
import type { MemoryHostShells } from "../../../services/host-shell/memory.ts";
import { createMemoryHostShells } from "../../../services/host-shell/memory.ts";
import { NO_SETTINGS } from "../../../src/core/agent-settings.ts";
import type { Host } from "../../../src/core/host.ts";
import { parseAgentName, parseHostName, parseOperationId } from "../../../src/core/names.ts";
import { Secret } from "../../../src/core/secrets.ts";
import { gatewayContract } from "../../contract/gateway.ts";

const host: Host = {
  name: parseHostName("ada-abcdef"),
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
  gatewayPort: 18_789,
  image: null,
  containerImage: "localhost/creel/openclaw:2026.9.6",
  hostKeyFingerprint: "k".repeat(52),
  nextHostKeyFingerprint: null,
};
const spec = {
  agent: parseAgentName("ada"),
  memoryMb: 2048,
  port: 18789,
  containerImage: "localhost/creel/openclaw:2026.9.6",
  token: null,
  setup: { settings: NO_SETTINGS, secrets: new Map() },
  workspace: null,
};
const signal = new AbortController().signal;

function shells(): MemoryHostShells {
  return createMemoryHostShells({ find: async () => host });
}

gatewayContract("in memory", async () => {
  const shell = await shells().connect(host);
  return {
    gateway: createMemoryGateway(),
    shell,
    spec,
    pause: async () => undefined,
    [Symbol.asyncDispose]: () => shell.close(),
  };
});

describe("a gateway in memory", () => {
  it("tells a refused configuration from a crash, with log lines", async () => {
    for (const [behaviour, code] of [
      ["config-invalid", "gateway-config-invalid"],
      ["crashes", "gateway-crashed"],
    ] as const) {
      const gateway = createMemoryGateway({ behaviour: () => behaviour });
      const shell = await shells().connect(host);
      await gateway.install(shell, spec, signal);
      await gateway.start(shell, signal);
      const look = gateway.checkReady(shell, spec.port, signal);
      await expect(look).rejects.toMatchObject({ code, retry: "never", evidence: [expect.any(String)] });
    }
  });

  it("fails access when the token gives no pairing scope", async () => {
    const gateway = createMemoryGateway({ behaviour: () => "lacks-pairing-scope", looksUntilReady: 0 });
    const shell = await shells().connect(host);
    await gateway.install(shell, spec, signal);
    await gateway.start(shell, signal);
    await gateway.checkReady(shell, spec.port, signal);
    await expect(gateway.checkAccess(shell, spec.port, signal)).rejects.toMatchObject({ code: "gateway-rpc-failed" });
  });

  it("keeps the first token and shows it to no argument list", async () => {
    const here = shells();
    const shell = await here.connect(host);
    const gateway = createMemoryGateway();
    await gateway.install(shell, { ...spec, token: new Secret("canary-one") }, signal);
    await gateway.install(shell, { ...spec, token: new Secret("canary-two") }, signal);
    const machine = here.machine(host.name);
    expect(machine?.files.get("/memory-gateway.json")).toContain("canary-one");
    expect(JSON.stringify(machine?.argvSeen)).not.toContain("canary");
  });
});
