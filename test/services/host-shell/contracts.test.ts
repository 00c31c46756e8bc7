import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateHostKey } from "../../../services/host-shell/host-key.ts";
import { createMemoryHostShells } from "../../../services/host-shell/memory.ts";
import { createSshShells } from "../../../services/host-shell/ssh.ts";
import type { Host } from "../../../src/core/host.ts";
import { parseAgentName, parseHostName, parseOperationId } from "../../../src/core/names.ts";
import { hostShellContract } from "../../contract/host-shell.ts";
import { startSshServer } from "./ssh-server.ts";

hostShellContract("SSH", async () => {
  const folder = await mkdtemp(join(tmpdir(), "creel-shells-"));
  const shells = createSshShells({ keyFile: join(folder, "ssh") });
  const server = await startSshServer(await shells.authorizedKey());
  const echo = createServer((socket) => socket.on("error", () => socket.destroy()).pipe(socket));
  await new Promise<void>((done) => echo.listen(0, "127.0.0.1", done));
  const { port: echoPort } = echo.address() as AddressInfo;
  return {
    ...{ shells, host: server.host, echoPort, cutOff: server.cutOff },
    async powerOff() {
      await server[Symbol.asyncDispose]();
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await new Promise<void>((done) => echo.close(() => done()));
      await rm(folder, { recursive: true });
    },
  };
});

hostShellContract("memory", async () => {
  let host: Host = {
    ...{ name: parseHostName("ada-abcdef"), agents: [parseAgentName("ada")], provider: "memory", state: "running" },
    ...{ operation: parseOperationId("0123456789abcdef"), createdAtMs: 0, region: "here", size: "small" },
    ...{ system: "memory", image: null, address: "192.0.2.1", sshPort: 22, gatewayPort: 18_789 },
    containerImage: "localhost/creel/openclaw:2026.9.6",
    hostKeyFingerprint: generateHostKey().fingerprint,
    nextHostKeyFingerprint: null,
  };
  const shells = createMemoryHostShells({
    find: async () => host,
    programs: {
      sleep: () => new Promise(() => undefined),
      "sleep 3600": () => new Promise(() => undefined),
      "cat; echo cause >&2; exit 78": (_machine, _args, stdin) => ({ stdout: stdin, stderr: "cause\n", exitCode: 78 }),
      "creel-arguments": (_machine, args) => ({ stdout: args.map((arg) => `<${arg}>`).join("") }),
      "creel-both": (_machine, _args, stdin) => ({ stdout: stdin, stderr: "cause\n", exitCode: 78 }),
      "creel-killed": () => ({ exitCode: 137 }),
      "creel-flood": () => ({ stdout: "x".repeat(5_000_000) }),
    },
  });
  const echoPort = 7;
  await using _first = await shells.connect(host);
  shells.machine(host.name)?.listeners.set(echoPort, (stream) => void stream.pipe(stream));
  return {
    ...{ shells, host, echoPort, cutOff: shells.cutOff },
    async powerOff() {
      host = { ...host, state: "stopped" };
      shells.cutOff();
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
});
