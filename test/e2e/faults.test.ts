import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createBotServices } from "../../services/bot-service/fetched-bot-services.ts";
import { probeExposed } from "../../services/gateway/exposure.ts";
import type { Gateway } from "../../services/gateway/gateway.ts";
import { createQuadletGateway } from "../../services/gateway/quadlet-gateway.ts";
import { generateHostKey } from "../../services/host-shell/host-key.ts";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import { createModelApis } from "../../services/model-api/fetched-model-apis.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { debian } from "../../services/system/debian/debian.ts";
import { folderWorkspaces } from "../../services/workspace/folder.ts";
import { parseAgentName } from "../../src/core/names.ts";
import { withBudgets } from "../../src/operations/definition.ts";
import { type DeployPorts, deployOperation } from "../../src/operations/deploy/deploy.ts";
import { destroyOperation } from "../../src/operations/destroy.ts";
import { restartOperation } from "../../src/operations/restart.ts";
import { memoryRegistry } from "../memory-registry.ts";
import { ask, runForReal } from "../operations/crash-points.ts";
import { canRunHosts, IMAGES_DIR, installCreel } from "./creel.ts";
import { leftovers } from "./traces.ts";

const ada = parseAgentName("ada");
const request = { name: "ada", provider: null, region: null, size: null };

const gateway = createQuadletGateway({ system: debian });

/** Real hosts and gateways, hurt on purpose at one place. */
describe.runIf(canRunHosts())("a deploy that goes wrong", () => {
  let stateDir: string;
  let services: DeployPorts;

  beforeAll(() => {
    stateDir = mkdtempSync(join(tmpdir(), "creel-"));
    services = realServices(stateDir);
  });
  afterAll(async () => {
    for (const provider of services.providers.values()) {
      for (const { name } of await provider.list()) await provider.destroy(name);
    }
    rmSync(stateDir, { recursive: true, force: true });
  });

  async function deploy(hurt: Partial<Gateway> = {}, budgets: Record<string, number> = {}) {
    const definition = withBudgets(
      deployOperation({ ...services, gatewayOn: () => ({ ...gateway, ...hurt }) }),
      budgets,
    );
    return await runForReal(definition, ask(definition, request, ada));
  }

  it("because the gateway refuses its configuration ends at once, with the gateway's own words", async () => {
    const record = await deploy({
      async install(shell, spec, signal) {
        await gateway.install(shell, spec, signal);
        await shell.check(["tee", "/var/lib/openclaw/openclaw.json"], { stdin: '{"gateway":{"mode":"nonsense"}}' });
      },
    });
    expect(record.failure).toMatchObject({ code: "gateway-config-invalid" });
    expect(record.failure?.evidence.join("\n")).toMatch(/gateway\.mode|invalid/i);
    expect(record.failure?.leftBehind.join(" ")).toMatch(/Host ada-\w+ at local exists and is running/);
    expect(await services.registry.get(ada)).toMatchObject({ state: "failed" });
  });

  it("because the host's disk is full for the gateway names the disk, and not its configuration", async () => {
    const fill = `cp -a /var/lib/openclaw /root/kept && mount -t tmpfs -o size=4m,mode=0700,uid=1000,gid=1000 tmpfs /var/lib/openclaw
cp -a /root/kept/. /var/lib/openclaw/ && { dd if=/dev/zero of=/var/lib/openclaw/fill bs=4k status=none || true; }`;
    const record = await deploy({
      async install(shell, spec, signal) {
        await gateway.install(shell, spec, signal);
        await shell.check(["sh", "-c", fill, "fill"], { signal });
      },
    });
    expect(record.failure, JSON.stringify(record)).toMatchObject({ code: "capacity" });
    expect(record.failure?.userMessage).toMatch(/disk is full.*\/var\/lib\/openclaw/);
    expect(record.failure?.evidence.join("\n")).toMatch(/ENOSPC|disk is full|no space left/i);
  });

  it("because the gateway's port is taken on the host says so", async () => {
    const record = await deploy({
      async start(shell, signal) {
        const squat = [
          "systemd-run",
          "--unit=squatter",
          "python3",
          "-m",
          "http.server",
          "--bind",
          "127.0.0.1",
          "18789",
        ] as const;
        await shell.check(squat, { signal });
        await gateway.start(shell, signal);
      },
    });
    expect(record.failure).toMatchObject({ code: "address-in-use" });
    expect(`${record.failure?.userMessage} ${record.failure?.evidence.join("\n")}`).toMatch(/18789|already|in use/i);
  });

  it("because the host is switched off in the middle says that, and not that time ran out", async () => {
    const record = await deploy({
      async start(shell, signal) {
        await gateway.start(shell, signal);
        await shell.run(["systemctl", "poweroff", "--force", "--force"], { signal }).catch(() => undefined);
      },
    });
    expect(record.failure, JSON.stringify(record)).toMatchObject({ code: "host-gone" });
    expect(record.failure?.userMessage).toMatch(/switched off/);
    expect(record.failure?.leftBehind.join(" ")).toMatch(/is stopped/);
  });

  it("can be repeated: the next deploy replaces the broken host", async () => {
    const record = await deploy();
    expect(record.failure).toBeNull();
    const hosts = await services.providers.get("local")?.list();
    expect(hosts).toHaveLength(1);
  });

  it("is not needed for an agent that is down: a restart switches its host on, repairs and proves", async () => {
    const local = services.providers.get("local");
    const [host] = (await local?.list()) ?? [];
    if (local === undefined || host === undefined) throw new Error("There is no host.");
    const shell = await services.shells.connect(host);
    const hurt =
      "systemctl stop openclaw-gateway; echo x >/var/lib/containers/storage/overlay-layers/layers.json; sync";
    await shell.check(["sh", "-c", hurt]);
    await shell.run(["systemctl", "poweroff", "--force", "--force"]).catch(() => undefined);
    await shell.close();
    await expect.poll(async () => (await local.find(host.name))?.state).toBe("stopped");
    const definition = restartOperation(services);
    const record = await runForReal(definition, ask(definition, { agent: "ada" }, ada));
    expect(record.failure, JSON.stringify(record)).toBeNull();
    expect(record.result).toMatchObject({ host: host.name, repaired: ["Podman's storage"], started: [] });
  });

  it("leaves nothing behind once it is destroyed", async () => {
    const definition = destroyOperation(services);
    const destroyed = await runForReal(definition, ask(definition, { agent: "ada" }, ada));
    expect(destroyed.state).toBe("succeeded");
    expect(readdirSync(join(stateDir, "hosts"))).toEqual([]);
    expect(leftovers(stateDir)).toEqual([]);
  });

  it("because the disk is full leaves nothing", async () => {
    const small = join(stateDir, "small");
    mkdirSync(small);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", small]);
    try {
      const cramped = realServices(small);
      const definition = deployOperation(cramped);
      const record = await runForReal(definition, ask(definition, request, ada));
      expect(record.failure).toMatchObject({ code: "capacity", leftBehind: [] });
      expect(record.failure?.hint).toMatch(/[Ff]ree/);
      expect(await cramped.registry.list()).toEqual([]);
      expect(leftovers(join(small, "hosts"))).toEqual([]);
    } finally {
      execFileSync("umount", [small]);
    }
  });
});

describe("a configuration that is wrong", () => {
  it("ends Creel with the path of the setting and no stack trace", async () => {
    await using creel = installCreel("gateway:\n  prot: 1\nnonsense: true\n");
    const { exitCode, output } = await creel.start("start").end();
    expect(exitCode).toBe(1);
    expect(output).toMatch(/gateway\.prot: there is no such\s+setting/);
    expect(output).toMatch(/nonsense: there is no such setting/);
    expect(output).not.toMatch(/\bat .*\.ts:\d+/);
  });

  it.each(["destroi: {find: 5}", "deploy: {redy: 5}"])(
    "ends Creel too when a time budget is for nothing: %s",
    async (budget) => {
      await using creel = installCreel(`budgets: {${budget}}\n`);
      const { exitCode, output } = await creel.start("start").end();
      expect(exitCode).toBe(1);
      expect(output).toMatch(/budgets\.(destroi|deploy\.redy): there is no such/);
    },
  );
});

function realServices(stateDir: string): DeployPorts {
  const local = createLocalProvider({
    stateDir,
    cacheDir: IMAGES_DIR,
    driver: "nspawn",
    internet: false,
  });
  return {
    providers: new Map([[local.name, local]]),
    shells: createSshShells({ keyFile: join(stateDir, "ssh", "id_ed25519") }),
    gatewayOn: () => gateway,
    registry: memoryRegistry(),
    systems: new Map([[debian.name, debian]]),
    makeHostKey: generateHostKey,
    probeExposed,
    networkTarget: null,
    gatewayToken: async () => null,
    layersFor: async () => [],
    resolveSecret: async (ref) => await Promise.reject(new Error(ref)),
    workspaces: folderWorkspaces(),
    creelsToken: async () => null,
    ...{ modelApis: createModelApis(), botServices: createBotServices() },
  };
}
