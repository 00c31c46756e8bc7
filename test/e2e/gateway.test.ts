import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { probeExposed } from "../../services/gateway/exposure.ts";
import type { GatewaySpec } from "../../services/gateway/gateway.ts";
import { openclawConfig } from "../../services/gateway/openclaw-config.ts";
import { createQuadletGateway } from "../../services/gateway/quadlet-gateway.ts";
import { generateHostKey } from "../../services/host-shell/host-key.ts";
import type { HostShell } from "../../services/host-shell/host-shell.ts";
import { activateHostKey, prepareHostKey } from "../../services/host-shell/rotation.ts";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { buildUserData } from "../../services/provider/user-data.ts";
import { OpsError } from "../../src/core/errors.ts";
import type { Host } from "../../src/core/host.ts";
import { parseAgentName, parseHostName, parseOperationId } from "../../src/core/names.ts";
import { Secret } from "../../src/core/secrets.ts";
import { gatewayContract } from "../contract/gateway.ts";
import { canRunHosts, SNAPSHOTS_DIR } from "./creel.ts";

const CANARY = "canary-7Qh2mZ0cV9xK4tB1";
const SECRETS_FILE = "/run/creel-secrets/gateway.json";
const CREDENTIAL = "/etc/credstore.encrypted/creel-gateway.json";
const CONFIG = "/var/lib/openclaw/openclaw.json";

const spec: GatewaySpec = {
  agent: parseAgentName("ada"),
  memoryMb: 2048,
  port: 18_789,
  containerImage: "localhost/creel/openclaw:2026.9.6",
  token: new Secret(CANARY),
};
const signal = new AbortController().signal;
const gateway = createQuadletGateway();

describe.skipIf(!canRunHosts())("the gateway on a real host", () => {
  let stateDir: string;
  let host: Host;
  let shell: HostShell;
  let provider: ReturnType<typeof createLocalProvider>;
  let shells: ReturnType<typeof createSshShells>;

  beforeAll(async () => {
    stateDir = await mkdtemp(join(tmpdir(), "creel-gateway-"));
    provider = createLocalProvider({
      stateDir,
      cacheDir: SNAPSHOTS_DIR,
      driver: "nspawn",
      subnet: "10.98",
      internet: false,
    });
    shells = createSshShells({ keyFile: join(stateDir, "ssh") });
    await provider.snapshots.build(() => undefined, signal);
    const name = parseHostName("ada-gateway");
    const hostKey = generateHostKey();
    const userData = buildUserData({ hostName: name, authorizedKey: await shells.authorizedKey(), hostKey });
    const operation = parseOperationId("0123456789gateway".slice(0, 16));
    const wanted = { name, agent: spec.agent, operation, region: null, size: null, userData };
    host = await provider.create({ ...wanted, hostKeyFingerprint: hostKey.fingerprint }, signal);
    shell = await reach();
  });
  afterAll(async () => {
    await shell?.close();
    if (host) await provider.destroy(host.name);
    await rm(stateDir, { recursive: true, force: true });
  });

  async function reach(): Promise<HostShell> {
    return until(() => shells.connect(host));
  }
  async function untilReady(): Promise<void> {
    await until(() => gateway.checkReady(shell, spec.port, signal));
  }
  /** On the host, with the canary in a file in memory; a grep without a hit is a success here. */
  async function grep(script: string): Promise<string> {
    return await shell.check(["sh", "-c", `cat >/run/canary; ${script} || test $? = 1`], { stdin: `${CANARY}\n` });
  }

  gatewayContract("Quadlet", async () => ({
    gateway,
    shell,
    spec,
    pause: () => new Promise((resolve) => setTimeout(resolve, 200)),
    [Symbol.asyncDispose]: async () => undefined,
  }));

  it("answers on the host only", async () => {
    expect(await probeExposed(provider.outsideView(host, spec.port), signal)).toBe(false);
    // The probe would have noticed: this port does answer.
    expect(await probeExposed(provider.outsideView(host, 22), signal)).toBe(true);
    expect(await shell.check(["ss", "-Hltn", `sport = :${spec.port}`])).not.toMatch(/(?:0\.0\.0\.0|\[::\]|\*):18789/);
  });

  it("runs as nobody special, in a container that cannot change", async () => {
    const status = await shell.check(["podman", "exec", "openclaw-gateway", "cat", "/proc/1/status"]);
    expect(status).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m);
    expect(status).toMatch(/^CapBnd:\t0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    const write = await shell.run(["podman", "exec", "--user=0", "openclaw-gateway", "touch", "/usr/x"]);
    expect(write.stderr).toContain("Read-only file system");
    const score = await shell.check(["podman", "exec", "openclaw-gateway", "cat", "/proc/1/oom_score_adj"]);
    expect(Number(score)).toBeGreaterThan(0);
  });

  it("keeps its token when another one is offered, readable for the gateway alone", async () => {
    await gateway.install(shell, { ...spec, token: new Secret("another-token") }, signal);
    await shell.check(["systemctl", "restart", "creel-secrets.service"]);
    expect(JSON.parse(await shell.check(["cat", SECRETS_FILE]))).toEqual({ gatewayToken: CANARY });
    expect(await shell.check(["stat", "-c", "%a %u", SECRETS_FILE, "/run/creel-secrets"])).toBe("400 1000\n500 1000\n");
    await gateway.checkAccess(shell, spec.port, signal);
  });

  it("is left alone by a delivery of secrets", async () => {
    const before = await gateway.health(shell, spec.port);
    await shell.check(["systemctl", "restart", "creel-secrets.service"]);
    const after = await gateway.health(shell, spec.port);
    expect(after).toMatchObject({ state: "ready", startedAtMs: before.startedAtMs, restarts: before.restarts });
  });

  it("shows its token in no file on disk, log, argument list or environment", async () => {
    // Delivered once more, while everything that can be seen of processes is read as fast as possible.
    await shell.check(["rm", CREDENTIAL]);
    const watched = grep(
      "while [ ! -e /run/watched ]; do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ; done 2>/dev/null | tr '\\0' '\\n' | grep -acF -f /run/canary",
    ).catch((error: unknown) => error);
    await gateway.install(shell, spec, signal);
    await shell.check(["touch", "/run/watched"]);
    expect(await watched).toBe("0\n");
    const disk = "/etc /var /root /home /opt /srv /usr/local /boot";
    expect(await grep(`grep -rlsaF -f /run/canary ${disk}`)).toBe("");
    expect(await grep("journalctl --no-pager --output=export | grep -caF -f /run/canary")).toBe("0\n");
    // What the search would have found, had it been there.
    expect(await grep(`grep -lF -f /run/canary ${SECRETS_FILE}`)).toBe(`${SECRETS_FILE}\n`);
  });

  it("comes back by itself when it is killed", async () => {
    await shell.check(["podman", "kill", "--signal=KILL", "openclaw-gateway"]);
    await until(async () => {
      const { restarts } = await gateway.health(shell, spec.port);
      if (restarts === 0) throw again();
    });
    await untilReady();
    expect(await gateway.health(shell, spec.port)).toMatchObject({ state: "ready", restarts: 1 });
  });

  it("is not started again with a configuration it refuses, and works with the right one", async () => {
    await gateway.stop(shell, signal);
    await shell.check(["tee", CONFIG], { stdin: '{"gateway":{"mode":"nonsense","port":18789}}\n' });
    await gateway.start(shell, signal);
    const failure = await untilReady().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "gateway-config-invalid", retry: "never" });
    expect((failure as OpsError).evidence.join("\n")).toContain("gateway.mode");
    expect(await gateway.health(shell, spec.port)).toMatchObject({ state: "config-invalid", restarts: 0 });

    await gateway.install(shell, spec, signal);
    await gateway.start(shell, signal);
    await untilReady();
    // Nothing was put back from a copy, and nothing was added.
    expect(await shell.check(["cat", CONFIG])).toBe(openclawConfig(spec));
  });

  it("comes back with its token when the host was restarted", async () => {
    const startOfInit = await shell.check(["stat", "-c", "%Y", "/proc/1"]);
    await shell.run(["systemctl", "reboot"]);
    await shell.close();
    shell = await until(async () => {
      const next = await shells.connect(host);
      const sameBoot = (await next.check(["stat", "-c", "%Y", "/proc/1"])) === startOfInit;
      if (!sameBoot) return next;
      await next.close();
      throw again();
    });
    await untilReady();
    expect(JSON.parse(await shell.check(["cat", SECRETS_FILE]))).toEqual({ gatewayToken: CANARY });
    await gateway.checkAccess(shell, spec.port, signal);
    expect(await shell.check(["systemctl", "--failed", "--plain", "--no-legend"])).toBe("");
  });

  it("gets a new SSH host key that never left the host", async () => {
    const fingerprint = await prepareHostKey(shell);
    expect(await prepareHostKey(shell)).toBe(fingerprint);
    await using before = await shells.connect(host);
    await activateHostKey(before, fingerprint);
    await activateHostKey(before, fingerprint);
    await expect(until(() => shells.connect(host))).rejects.toMatchObject({ code: "host-key-mismatch" });
    await using after = await shells.connect({ ...host, hostKeyFingerprint: fingerprint });
    expect(after.hostKeyFingerprint).toBe(fingerprint);
    await expect(activateHostKey(after, "A".repeat(43))).rejects.toMatchObject({ code: "host-command-failed" });
    expect(await after.check(["find", "/etc/ssh", "-name", "*.next*"])).toBe("");
  });
});

/** Looks every 100 ms, and gives up as soon as another look is not worth while. */
async function until<T>(look: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (!(error instanceof OpsError) || error.retry !== "later") throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function again(): OpsError {
  return new OpsError({ code: "host-unreachable", retry: "later", userMessage: "Not yet." });
}
