import { expect, test } from "vitest";
import { SECRETS_FILE } from "../../../services/gateway/paths.ts";
import { createQuadletGateway } from "../../../services/gateway/quadlet-gateway.ts";
import { createMemoryHostShells } from "../../../services/host-shell/memory.ts";
import { debian } from "../../../services/system/debian/debian.ts";
import { NO_SETTINGS } from "../../../src/core/agent-settings.ts";
import { parseAgentName } from "../../../src/core/names.ts";
import { Secret } from "../../../src/core/secrets.ts";
import { hostCalled } from "./host.ts";

const host = hostCalled("ada-abcdef");
const spec = {
  agent: parseAgentName("ada"),
  memoryMb: 2048,
  port: 18789,
  containerImage: "localhost/creel/openclaw:2026.9.6",
  token: null,
  setup: { settings: NO_SETTINGS, secrets: new Map() },
  workspace: null,
};
const never = new AbortController().signal;

/** The token that the first line of what is installed gives the host. */
async function installedToken(token: Secret | null): Promise<string> {
  let input = "";
  const programs = {
    "creel-install": (_: unknown, _args: readonly string[], stdin: string) => {
      input = stdin;
      return {};
    },
  };
  await using shell = await createMemoryHostShells({ find: async () => host, programs }).connect(host);
  await createQuadletGateway({ system: debian }).install(shell, { ...spec, token }, never);
  return JSON.parse(input.split("\n")[1] ?? "").gatewayToken;
}

test("every installation makes a token of 256 random bits, unless one is given", async () => {
  const tokens = await Promise.all([installedToken(null), installedToken(null)]);
  for (const token of tokens) expect(Buffer.from(token, "base64url")).toHaveLength(32);
  expect(new Set(tokens).size).toBe(2);
  expect(await installedToken(new Secret("one of the owner's"))).toBe("one of the owner's");
});

test("a token is heard of before it is used, so that no log can show it", async () => {
  const shells = createMemoryHostShells({ find: async () => host });
  await using shell = await shells.connect(host);
  shells.machine(host.name)?.files.set(SECRETS_FILE, '{"gatewayToken":"canary-of-this-host"}');
  const heard: string[] = [];
  const gateway = createQuadletGateway({ system: debian, onSecret: (secret) => heard.push(secret.reveal()) });
  // Nothing listens there: it fails where the token would be used.
  await expect(gateway.checkAccess(shell, 18789, never)).rejects.toMatchObject({ code: expect.any(String) });
  expect(heard).toEqual(["canary-of-this-host"]);
});

test.each(['{"gatewayToken":""}', "{}", "", '{"gatewayToken":5}'])("%j holds no token", async (secrets) => {
  const shells = createMemoryHostShells({ find: async () => host });
  await using shell = await shells.connect(host);
  shells.machine(host.name)?.files.set(SECRETS_FILE, secrets);
  const heard: string[] = [];
  const gateway = createQuadletGateway({ system: debian, onSecret: (secret) => heard.push(secret.reveal()) });
  await expect(gateway.checkAccess(shell, 18789, never)).rejects.toMatchObject({ code: "gateway-rpc-failed" });
  expect(heard).toEqual([]);
});
