import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { describe, expect, it } from "vitest";
import { askReadiness, explain } from "../../../services/gateway/readiness.ts";
import { parseUnitState } from "../../../services/gateway/unit-state.ts";
import { generateHostKey } from "../../../services/host-shell/host-key.ts";
import { createMemoryHostShells } from "../../../services/host-shell/memory.ts";
import type { Host } from "../../../src/core/host.ts";
import { parseAgentName, parseHostName, parseOperationId } from "../../../src/core/names.ts";
import { unit } from "./unit.ts";

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
  hostKeyFingerprint: generateHostKey().fingerprint,
  nextHostKeyFingerprint: null,
};

/** What `askReadiness` makes of a real HTTP server behind the host's loopback. */
async function ask(answer: RequestListener) {
  const server = createServer(answer);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const shells = createMemoryHostShells({ find: async () => host });
  await using shell = await shells.connect(host);
  shells.machine(host.name)?.listeners.set(18789, (stream) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => stream.destroy());
    stream.pipe(socket).pipe(stream);
  });
  try {
    return await askReadiness(shell, 18789);
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
}

describe("readiness", () => {
  it("believes the body, not the status", async () => {
    expect(await ask((_q, r) => r.end('{"ready":true,"failing":[]}'))).toEqual({ ready: true });
    const web = await ask((_q, r) => r.end("<!doctype html><title>OpenClaw</title>"));
    expect(web).toMatchObject({ ready: false, why: expect.stringContaining("not a gateway"), foreign: true });
    const starting = await ask((_q, r) => r.writeHead(503).end('{"ready":false,"failing":["channels"]}'));
    expect(starting).toEqual({ ready: false, why: "it waits for channels", foreign: false });
    // A bot that is turned away.
    expect(await ask((_q, r) => r.writeHead(503).end('{"ready":false,"failing":["discord"]}'))).toEqual({
      ready: true,
    });
    expect(
      await ask((_q, r) => r.writeHead(503).end('{"ready":false,"failing":["discord","state-database"]}')),
    ).toMatchObject({ ready: false });
    expect(await ask((_q, r) => r.writeHead(503).end('{"ready":true}'))).toMatchObject({ ready: false });
  });

  it("takes a connection that breaks, or is not there, as not yet", async () => {
    expect(await ask((q) => q.socket.destroy())).toMatchObject({ ready: false });
    const shells = createMemoryHostShells({ find: async () => host });
    await using shell = await shells.connect(host);
    expect(await askReadiness(shell, 18789)).toMatchObject({ ready: false });
  });
});

describe("what systemd says of the unit", () => {
  const logs = async () => ["the last line"];

  it("is read with its gaps", () => {
    expect(unit({})).toMatchObject({
      active: "active",
      memoryBytes: null,
      startedAtMs: 1_795_255_489_000,
      restarts: 0,
    });
    const never = unit({ ExecMainStartTimestamp: "", MemoryCurrent: "4096", NRestarts: "2" });
    expect(never).toMatchObject({ startedAtMs: null, memoryBytes: 4096, restarts: 2 });
    expect(unit({ LoadState: "not-found", ActiveState: "inactive" }).active).toBe("absent");
    expect(() => parseUnitState("Failed to connect to bus")).toThrow();
  });

  it("tells what can still become ready from what cannot", async () => {
    const cases = [
      [{ ActiveState: "failed", Result: "exit-code", ExecMainStatus: "78" }, "gateway-config-invalid", "never"],
      [{ ActiveState: "failed", Result: "exit-code", ExecMainStatus: "1" }, "gateway-crashed", "never"],
      [{ ActiveState: "failed", Result: "oom-kill" }, "gateway-crashed", "never"],
      [{ ActiveState: "activating", SubState: "auto-restart", Result: "signal" }, "gateway-not-ready", "later"],
      [{ ActiveState: "inactive", SubState: "dead" }, "gateway-not-ready", "later"],
      [{}, "gateway-not-ready", "later"],
    ] as const;
    for (const [fields, code, retry] of cases) {
      const error = await explain(unit(fields), { why: "it does not listen yet", foreign: false }, logs);
      expect(error).toMatchObject({ code, retry, evidence: retry === "never" ? ["the last line"] : [] });
    }
  });

  it("is told by what the log says where the exit status says too little", async () => {
    const looks = { why: "it does not listen yet", foreign: false };
    const refusal = { ActiveState: "failed", Result: "exit-code", ExecMainStatus: "78" };
    const crash = { ...refusal, ExecMainStatus: "1" };
    const cases = [
      [refusal, "Gateway failed to start: Error: database or disk is full", "capacity", "/var/lib/openclaw"],
      [refusal, "Error: ENOSPC: no space left on device, write", "capacity", "disk is full"],
      [refusal, "Error: Unknown system error -122: Unknown system error -122, write", "capacity", "disk is full"],
      [refusal, "OSError: [Errno 122] Disk quota exceeded", "capacity", "disk is full"],
      [refusal, "gateway requires state migration. Stop the service with …", "gateway-config-invalid", "its data"],
      [refusal, "OpenClaw startup migrations did not complete cleanly; …", "gateway-config-invalid", "its data"],
      [refusal, "gateway requires a newer OpenClaw build. Stop …", "gateway-config-invalid", "its data"],
      [refusal, "Invalid config: gateway.mode", "gateway-config-invalid", "its configuration"],
      [crash, "SqliteError: database or disk is full", "capacity", "disk is full"],
      [crash, "gateway requires state migration", "gateway-crashed", "exit status 1"],
    ] as const;
    for (const [fields, line, code, words] of cases) {
      const evidence = ["2026-11-21T10:00:00 it starts", line];
      const error = await explain(unit(fields), looks, async () => evidence);
      expect(error).toMatchObject({ code, retry: "never", evidence, userMessage: expect.stringContaining(words) });
    }
    // A loop that a full disk keeps going.
    const loop = await explain(unit({ NRestarts: "2" }), looks, async () => ["ENOSPC: no space left on device"]);
    expect(loop.code).toBe("capacity");
  });

  it("gives up on a loop before systemd does, and on a port that somebody else has", async () => {
    const silent = { why: "it does not listen yet", foreign: false };
    const foreign = { why: "what answers on port 18789 is not a gateway", foreign: true };
    expect(await explain(unit({ NRestarts: "1" }), silent, logs)).toMatchObject({ retry: "later" });
    expect(await explain(unit({ NRestarts: "2" }), silent, logs)).toMatchObject({ code: "gateway-crashed" });
    expect(await explain(unit({}), foreign, logs)).toMatchObject({ retry: "later" });
    expect(await explain(unit({ NRestarts: "1" }), foreign, logs)).toMatchObject({ code: "address-in-use" });
  });
});
