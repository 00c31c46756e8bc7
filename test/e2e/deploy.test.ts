import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSshShells } from "../../services/host-shell/ssh.ts";
import { createLocalProvider } from "../../services/provider/local/local-provider.ts";
import { canRunHosts, IMAGES_DIR, type Installation, installCreel } from "./creel.ts";
import { filesWith, leftovers, networkNamespaces, watchProcesses } from "./traces.ts";

const CANARY = "canary-5d1f0c9a7e3b48d26f";
const driver = process.env.CREEL_E2E_DRIVER ?? "nspawn";
const isSlow = driver === "qemu";
const patienceMs = isSlow ? 1_800_000 : 200_000;
/** Every look is an SSH handshake, which costs an emulated host seconds of its time. */
const lookMs = isSlow ? 5000 : 300;
/** In seconds. The defaults are for machines with hardware virtualisation. */
const budgets = isSlow
  ? "budgets:\n  deploy: { reach: 900, install: 900, launch: 900, boot: 1800, ready: 2400, access: 600 }\n"
  : "";

/** As a copy of the host's disk starts somewhere else: with another instance id, and with user-data like that of the first boot. */
const CLONE = `set -e
seed=/var/lib/cloud/seed/nocloud
mkdir -p $seed
ssh-keygen -q -t ed25519 -N '' -C other -f /run/other
{
  printf '#cloud-config\nssh_deletekeys: true\nruncmd: [[touch, /var/lib/second-first-boot]]\nssh_keys:\n  ed25519_private: |\n'
  sed 's/^/    /' /run/other
  printf '  ed25519_public: %s\n' "$(cat /run/other.pub)"
} >$seed/user-data
echo '{"instance-id":"clone"}' >$seed/meta-data
rm /run/other /run/other.pub`;

/** The main job, as an owner does it: one installation, one agent, from /deploy to /destroy. Later tests use what earlier ones made. */
describe.runIf(canRunHosts())(`an agent on a ${driver} host`, () => {
  let creel: Installation;
  let namespacesBefore: string[];

  beforeAll(() => {
    namespacesBefore = networkNamespaces();
    creel = installCreel(`  driver: ${driver}\ngateway:\n  token: env:CANARY\n${budgets}`, { CANARY });
  });
  afterAll(() => creel[Symbol.asyncDispose]());

  async function runLines(...lines: string[]) {
    const running = creel.start("start");
    for (const line of lines) running.type(line);
    return await running.end();
  }

  async function onHost(argv: readonly [string, ...string[]]): Promise<string> {
    const { stateDir } = creel;
    const provider = createLocalProvider({ stateDir, cacheDir: IMAGES_DIR });
    const [host] = await provider.list();
    if (!host) throw new Error("There is no host.");
    await using shell = await createSshShells({ keyFile: join(stateDir, "ssh", "id_ed25519") }).connect(host);
    return await shell.check(argv, { timeoutMs: patienceMs });
  }

  it("is deployed, healthy and shown by /status, and its token is seen nowhere meanwhile", async () => {
    const running = creel.start("start");
    const watch = watchProcesses([CANARY], () => [running.process.pid ?? 0]);
    running.type("/deploy name:ada");
    running.type("/status agent:ada");
    const { exitCode, output } = await running.end();
    const { seen, looks } = watch.stop();
    expect(output).toMatch(/Deployed ada in/);
    expect(output).toMatch(/ada is ready/);
    expect(exitCode, output).toBe(0);
    expect(looks).toBeGreaterThan(20);
    expect(seen).toEqual([]);
  });

  it("uses the token it was given, and nobody but the gateway's user can read it", async () => {
    const held = await onHost(["cat", "/run/creel-secrets/gateway.json"]);
    expect(JSON.parse(held)).toEqual({ gatewayToken: CANARY });
    expect((await onHost(["stat", "-c", "%a %u", "/run/creel-secrets/gateway.json"])).trim()).toBe("400 1000");
    expect((await onHost(["stat", "-f", "-c", "%T", "/run/creel-secrets"])).trim()).toBe("tmpfs");
  });

  it("leaves the token in no file: not in Redis, logs, user-data, nor unencrypted on the host's disk", async () => {
    expect(filesWith(creel.stateDir, CANARY)).toEqual([]);
    expect(creel.transcript()).not.toContain(CANARY);
    // The search finds what is there: the same files do hold the agent's name.
    expect(filesWith(join(creel.stateDir, "redis"), "ada").length).toBeGreaterThan(0);
    const script =
      'grep -rlF -- "$(sed "s/.*:\\"\\(.*\\)\\".*/\\1/" /run/creel-secrets/gateway.json)" /etc /var /root /home /opt /srv 2>/dev/null || true';
    expect((await onHost(["sh", "-c", script])).trim()).toBe("");
  });

  it("has a host key that user-data never carried, and refuses passwords", async () => {
    const keys = "grep -rl 'PRIVATE KEY' /etc/ssh /var/lib/cloud /run/cloud-init | sort";
    expect(await onHost(["sh", "-c", keys])).toBe("/etc/ssh/ssh_host_ed25519_key\n");
    expect(await onHost(["sshd", "-T"])).toMatch(/passwordauthentication no/);
  });

  it("comes back after the gateway is killed and after its host reboots under another instance id, without Creel", async () => {
    await onHost(["sh", "-c", CLONE]);
    await onHost(["sh", "-c", "kill -9 $(podman inspect -f '{{.State.Pid}}' openclaw-gateway)"]);
    await untilReady(onHost);
    await onHost(["sh", "-c", "(sleep 0.2; systemctl reboot) >/dev/null 2>&1 &"]);
    const before = (await bootId(onHost)) ?? "";
    await expect
      .poll(() => bootId(onHost), { timeout: patienceMs, interval: lookMs })
      .toSatisfy((id) => id !== null && id !== before);
    await untilReady(onHost);
    expect(JSON.parse(await onHost(["cat", "/run/creel-secrets/gateway.json"]))).toEqual({ gatewayToken: CANARY });
    // It still has the key that Creel expects, or it could not have been asked.
    await expect(onHost(["test", "-e", "/var/lib/second-first-boot"])).rejects.toMatchObject({
      code: "host-command-failed",
    });
  });

  it("is refused a second time, and bad input is explained", async () => {
    const { exitCode, output } = await runLines(
      "/deploy name:ada",
      "/deploy name:",
      `/deploy name:${"a".repeat(64)}`,
      "/deploy name:Ünïcode",
      "/deploy name:../../etc",
      '/deploy name:"a\'b"',
      "/deploy name:eve colour:red",
      "/fly",
    );
    expect(exitCode).toBe(1);
    expect(output).toMatch(/already an agent called ada/);
    expect(output.match(/is not a name for an agent/g)?.length).toBeGreaterThanOrEqual(4);
    expect(output).toMatch(/8 of 8 commands failed/);
    expect(output).not.toMatch(/\bat .*\.ts:\d+/);
  });

  it("shows logs and history of the agent", async () => {
    const { exitCode, output } = await runLines("/logs agent:ada lines:20", "/history agent:ada");
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/\[gateway\] ready/);
    expect(output).toMatch(/succeeded deploy ada/);
  });

  it("is adopted again after Redis was lost", async () => {
    renameSync(join(creel.stateDir, "redis"), join(creel.stateDir, "lost-redis"));
    const refused = await runLines("/status");
    expect(refused.exitCode).toBe(1);
    expect(refused.output).toMatch(/data is gone[\s\S]*creel\s+adopt/);
    expect(refused.output).not.toMatch(/no agents yet/);
    const adopted = await creel.start("adopt").end();
    expect(adopted.output).toMatch(/Adopted ada/);
    expect(adopted.exitCode).toBe(0);
    expect((await runLines("/status agent:ada")).output).toMatch(/ada is ready/);
  });

  it("is not destroyed without its name, and with it leaves nothing behind", async () => {
    const asked = await runLines("/destroy agent:ada");
    expect(asked.exitCode).toBe(1);
    expect(readdirSync(join(creel.stateDir, "hosts"))).toHaveLength(1);
    const { exitCode, output } = await runLines("/destroy agent:ada confirm:ada", "/status");
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(/no agents yet/);
    expect(readdirSync(join(creel.stateDir, "hosts"))).toEqual([]);
    expect(leftovers(creel.stateDir)).toEqual([]);
    expect(networkNamespaces()).toEqual(namespacesBefore);
  });
});

type OnHost = (argv: readonly [string, ...string[]]) => Promise<string>;

async function untilReady(onHost: OnHost): Promise<void> {
  const ask = async () => {
    try {
      return JSON.parse(await onHost(["curl", "-sf", "http://127.0.0.1:18789/readyz"])).ready;
    } catch {
      return false;
    }
  };
  await expect.poll(ask, { timeout: patienceMs, interval: lookMs }).toBe(true);
}

/** null while the host cannot be asked. */
async function bootId(onHost: OnHost): Promise<string | null> {
  try {
    // The kernel's boot id is shared with the machine under nspawn; systemd's start is not.
    return await onHost(["systemctl", "show", "--property=UserspaceTimestampMonotonic", "--value"]);
  } catch {
    return null;
  }
}
