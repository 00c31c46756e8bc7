import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { probeExposed } from "../../services/gateway/exposure.ts";
import type { GatewaySpec } from "../../services/gateway/gateway.ts";
import { openclawConfig } from "../../services/gateway/openclaw-config.ts";
import { createQuadletGateway } from "../../services/gateway/quadlet-gateway.ts";
import { generateHostKey } from "../../services/host-shell/host-key.ts";
import type { HostShell } from "../../services/host-shell/host-shell.ts";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { debian } from "../../services/system/debian/debian.ts";
import { NO_SETTINGS } from "../../src/core/agent-settings.ts";
import { OpsError } from "../../src/core/errors.ts";
import { ONLY_SSH } from "../../src/core/firewall.ts";
import type { Host } from "../../src/core/host.ts";
import { parseAgentName, parseHostName, parseOperationId } from "../../src/core/names.ts";
import { Secret } from "../../src/core/secrets.ts";
import { gatewayContract } from "../contract/gateway.ts";
import { systemContract } from "../contract/system.ts";
import { eventually } from "../eventually.ts";
import { acceptConnections, serveNames } from "../fixtures/name-server.ts";
import { canRunHosts, IMAGES_DIR } from "./creel.ts";
import { settingsOfAGateway } from "./gateway-settings.ts";

const CANARY = "canary-7Qh2mZ0cV9xK4tB1";
const SECRETS_FILE = "/run/creel-secrets/gateway.json";
const CREDENTIAL = "/etc/credstore.encrypted/creel-gateway.json";
const CONFIG = "/var/lib/openclaw/openclaw.json";
const STORAGE = "/var/lib/containers/storage";
const KILL_UNTIL_FAILED = `until systemctl is-failed --quiet openclaw-gateway.service; do
  podman kill --signal=KILL openclaw-gateway || true
  sleep 0.3
done`;

const spec: GatewaySpec = {
  agent: parseAgentName("ada"),
  memoryMb: 2048,
  port: 18_789,
  containerImage: "localhost/creel/openclaw:2026.9.6",
  token: new Secret(CANARY),
  setup: { settings: NO_SETTINGS, secrets: new Map() },
  workspace: null,
};
const signal = new AbortController().signal;
const gateway = createQuadletGateway({ system: debian });

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
      cacheDir: IMAGES_DIR,
      driver: "nspawn",
      subnet: "10.98",
      internet: false,
    });
    shells = createSshShells({ keyFile: join(stateDir, "ssh") });
    await provider.images.build(() => undefined, signal);
    const name = parseHostName("ada-gateway");
    const hostKey = generateHostKey();
    const firstBoot = debian.firstBoot({ hostName: name, authorizedKey: await shells.authorizedKey(), hostKey });
    const operation = parseOperationId("0123456789gateway".slice(0, 16));
    const image = (await provider.images.status()).current?.id ?? "";
    const wanted = {
      name,
      agents: [spec.agent],
      operation,
      region: null,
      size: null,
      image,
      system: debian.name,
      firstBoot,
    };
    host = await provider.create({ ...wanted, hostKeyFingerprint: hostKey.fingerprint, openings: ONLY_SSH }, signal);
    shell = await reach();
  });
  afterAll(async () => {
    await shell?.close();
    if (host) await provider.destroy(host.name);
    await rm(stateDir, { recursive: true, force: true });
  });

  async function reach(): Promise<HostShell> {
    return eventually(() => shells.connect(host));
  }
  async function untilReady(): Promise<void> {
    await eventually(() => gateway.checkReady(shell, spec.port, signal));
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

  settingsOfAGateway(gateway, spec, () => shell);

  it("answers on the host only", async () => {
    const isExposed = async (port: number) =>
      Promise.all((await provider.outsideViews(host, port)).map((view) => probeExposed(view, signal)));
    expect(await isExposed(spec.port)).toEqual([false]);
    // The probe would have noticed: this port does answer.
    expect(await isExposed(22)).toEqual([true]);
    expect(await shell.check(["ss", "-Hltn", `sport = :${spec.port}`])).not.toMatch(/(?:0\.0\.0\.0|\[::\]|\*):18789/);
  });

  describe("and the network", () => {
    const target = { host: "probe.test", port: 0 };
    const look = (port: number) => gateway.lookOutside(shell, { ...target, port }, signal);
    /** As if the machine had this resolv.conf: in the mount namespace of the host's supervisor, which reads it. */
    let machineFile: string;

    beforeAll(async () => {
      machineFile = join(stateDir, "resolv.conf");
      await writeFile(machineFile, "nameserver 127.0.0.1\n");
      execFileSync("nsenter", [
        `--mount=/proc/${await supervisorOf(host.name)}/ns/mnt`,
        "mount",
        "--bind",
        machineFile,
        "/etc/resolv.conf",
      ]);
    });

    it("follows the machine's resolver while it runs, in the container as well", async () => {
      const [, machine = ""] = /^(\S+) dev host0/m.exec(await shell.check(["ip", "route"])) ?? [];
      const ours = machine.replace(/\d+\/30$/, (end) => String(Number.parseInt(end, 10) + 1));
      await using names = await serveNames(ours, { "probe.test": ours });
      await using listener = await acceptConnections(ours);

      await writeFile(machineFile, `nameserver ::1\nnameserver ${ours}\nsearch test\noptions timeout:1 attempts:1\n`);
      await eventually(async () => {
        const seen = await shell.check(["podman", "exec", "openclaw-gateway", "cat", "/etc/resolv.conf"]);
        if (!seen.includes(`nameserver ${ours}\nsearch test\n`)) throw again();
        expect(seen).toContain("# Hosts cannot reach the name server ::1 of this machine; it is left out.");
        expect(seen).not.toMatch(/^nameserver ::1/m);
      });
      expect(await look(listener.port)).toEqual({ reachable: true });
      expect(names.asked).toContain("probe.test");

      expect(await look(1)).toEqual({
        ...{ reachable: false, obstacle: "connection" },
        why: `probe.test is known, but ${ours} refuses connections at port 1`,
      });
      const unknown = await gateway.lookOutside(shell, { host: "other.invalid", port: 1 }, signal);
      expect(unknown).toEqual({ reachable: false, obstacle: "lookup", why: `${ours} does not know other.invalid` });
    });

    it("is found missing when the resolver is silent", async () => {
      expect(await look(1)).toMatchObject({
        ...{ reachable: false, obstacle: "lookup" },
        why: expect.stringMatching(/^probe\.test cannot be looked up: no answer from 10\.98\.\d+\.\d+$/),
      });
    });

    it("keeps the cloud's metadata for root", async () => {
      await shell.check(["ip", "address", "add", "169.254.169.254/32", "dev", "lo"]);
      const serve = "require('http').createServer((q,s)=>s.end('credentials')).listen(80,'169.254.169.254')";
      await shell.check([
        "systemd-run",
        "--unit=metadata",
        "podman",
        "run",
        "--rm",
        "--network=host",
        "--user=0",
        "--entrypoint=node",
        spec.containerImage,
        "-e",
        serve,
      ]);
      const ask = [
        "curl",
        "-sS",
        "--max-time",
        "5",
        "--retry",
        "20",
        "--retry-delay",
        "1",
        "http://169.254.169.254/",
      ] as const;
      try {
        await eventually(async () => {
          if ((await shell.run([...ask])).stdout !== "credentials") throw again();
        });
        const agent = await shell.run([
          "podman",
          "exec",
          "openclaw-gateway",
          "curl",
          "-sS",
          "--max-time",
          "5",
          "http://169.254.169.254/",
        ]);
        expect(agent).toMatchObject({ exitCode: 7, stdout: "" });
      } finally {
        await shell.run(["podman", "rm", "--force", "--time=0", "metadata"]);
        await shell.check(["ip", "address", "delete", "169.254.169.254/32", "dev", "lo"]);
      }
    });
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
    expect(await shell.check(["stat", "-c", "%a %u", SECRETS_FILE, "/run/creel-secrets"])).toBe("400 1000\n750 0\n");
    await gateway.checkAccess(shell, spec.port, signal);
  });

  it("is left alone by a delivery of secrets", async () => {
    const before = await gateway.health(shell, spec.port);
    await shell.check(["systemctl", "restart", "creel-secrets.service"]);
    const after = await gateway.health(shell, spec.port);
    expect(after).toMatchObject({ state: "ready", startedAtMs: before.startedAtMs, restarts: before.restarts });
  });

  it("goes on while its host looks for security updates, which are no failure where the archive cannot be reached", async () => {
    const unit = "creel-security-updates";
    const startOfGateway = () =>
      shell.check(["systemctl", "show", "--property=ActiveEnterTimestampMonotonic", "openclaw-gateway.service"]);
    const before = await startOfGateway();
    expect(await shell.check(["systemctl", "is-enabled", `${unit}.timer`])).toBe("enabled\n");
    expect(await shell.check(["systemctl", "is-active", `${unit}.timer`])).toBe("active\n");
    await shell.check(["systemctl", "start", `${unit}.service`], { timeoutMs: 120_000 });
    const log = await shell.check(["journalctl", "--no-pager", "--output=cat", `--unit=${unit}.service`]);
    expect(log).toContain("Debian's archive cannot be reached; nothing was updated.");
    expect(await startOfGateway()).toBe(before);
    expect(await gateway.health(shell, spec.port)).toMatchObject({ state: "ready" });
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
    await eventually(async () => {
      const { restarts } = await gateway.health(shell, spec.port);
      if (restarts === 0) throw again();
    });
    await untilReady();
    expect(await gateway.health(shell, spec.port)).toMatchObject({ state: "ready", restarts: 1 });
  });

  it("comes back when it is ended from inside, and says what is wrong when it was ended too often or cannot start", async () => {
    const { restarts } = await gateway.health(shell, spec.port);
    await shell.check(["podman", "exec", "--user=1000", "openclaw-gateway", "sh", "-c", "kill -TERM 2"]);
    await eventually(async () => {
      if ((await gateway.health(shell, spec.port)).restarts === restarts) throw again();
    });
    await shell.check(["sh", "-c", KILL_UNTIL_FAILED, "kill"], { timeoutMs: 60_000 });
    expect(await gateway.health(shell, spec.port)).toMatchObject({
      state: "crashed",
      note: expect.stringMatching(/it was killed, \d times in a row/),
    });

    await shell.check(["sh", "-c", 'echo x >"$1/overlay-layers/layers.json"; rm "$2"', "hurt", STORAGE, SECRETS_FILE]);
    expect((await gateway.health(shell, spec.port)).note).toContain("secrets are not in its host's memory");
    await expect(gateway.start(shell, signal)).rejects.toMatchObject({ code: "secret-unavailable" });
    await shell.check(["systemctl", "restart", "creel-secrets.service"]);
    const noContainer = { code: "gateway-crashed", userMessage: expect.stringContaining("Podman on the host cannot") };
    await expect(gateway.start(shell, signal)).rejects.toMatchObject(noContainer);

    await gateway.stop(shell, signal);
    await shell.check(["rm", SECRETS_FILE, "/etc/containers/systemd/openclaw-gateway.container"]);
    const broken = ["its unit files", "Podman's storage", "the secrets in memory"];
    expect(
      await gateway.repair(shell, { ...spec, token: async () => spec.token, setup: async () => spec.setup }, signal),
    ).toEqual(broken);
    await shell.check(["podman", "create", "--pull=never", "--name=openclaw-gateway", spec.containerImage, "true"]);
    expect(
      await gateway.repair(shell, { ...spec, token: async () => spec.token, setup: async () => spec.setup }, signal),
    ).toEqual([]);
    await gateway.start(shell, signal);
    await untilReady();
    expect(await gateway.health(shell, spec.port)).toMatchObject({ state: "ready", restarts: 0, note: null });

    const otherToken = 'mv "$1" "$1.kept" && echo "{\\"gatewayToken\\":\\"of another gateway\\"}" >"$1"';
    await shell.check(["sh", "-c", otherToken, "spoil", SECRETS_FILE]);
    expect(await gateway.health(shell, spec.port)).toMatchObject({
      state: "ready",
      note: expect.stringContaining("RPC"),
    });
    await shell.check(["mv", `${SECRETS_FILE}.kept`, SECRETS_FILE]);
  });

  it("is not started again with a configuration it refuses, and works with the right one", async () => {
    await gateway.stop(shell, signal);
    await shell.check(["tee", CONFIG], { stdin: '{"gateway":{"mode":"nonsense","port":18789}}\n' });
    await gateway.start(shell, signal);
    const failure = await untilReady().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "gateway-config-invalid", retry: "never" });
    expect((failure as OpsError).evidence.join("\n")).toContain("gateway.mode");
    expect(await gateway.health(shell, spec.port)).toMatchObject({ state: "config-invalid", restarts: 0 });

    await gateway.stop(shell, signal);
    const replaced = [`its configuration (the old one is ${CONFIG}.refused)`];
    expect(
      await gateway.repair(shell, { ...spec, token: async () => spec.token, setup: async () => spec.setup }, signal),
    ).toEqual(replaced);
    await gateway.start(shell, signal);
    await untilReady();
    // Nothing was put back from a copy, and nothing was added.
    expect(await shell.check(["cat", CONFIG])).toBe(openclawConfig(spec, { gatewayToken: CANARY }).text);
  });

  it("comes back with its token when the host was restarted", async () => {
    const startOfInit = await shell.check(["stat", "-c", "%Y", "/proc/1"]);
    await shell.run(["systemctl", "reboot"]);
    await shell.close();
    shell = await eventually(async () => {
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

  systemContract("Debian", async () => ({
    ...{ system: debian, shells, host },
    [Symbol.asyncDispose]: async () => undefined,
  }));

  it("keeps nothing of its change of the host key", async () => {
    expect(await shell.check(["find", "/etc/ssh", "-name", "*.next*"])).toBe("");
  });
});

/** The process that keeps a host running. */
async function supervisorOf(name: string): Promise<string> {
  for (const pid of (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry))) {
    const argv = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (argv.includes("supervisor.sh") && argv.includes(`\0${name}\0`) && !argv.startsWith("unshare")) return pid;
  }
  throw new Error(`Nothing keeps ${name} running.`);
}

function again(): OpsError {
  return new OpsError({ code: "host-unreachable", retry: "later", userMessage: "Not yet." });
}
